// In place of c10's.
#pragma once

#include <c10/util/Exception.h>

#define C10_CUDA_CHECK(expression)                              \
  do {                                                          \
    if (const int status = (expression); status != 0)           \
      throw c10::Error("CUDA error " + std::to_string(status)); \
  } while (false)
