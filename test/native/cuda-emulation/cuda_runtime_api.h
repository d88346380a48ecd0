// In place of CUDA's: as much of it as native/cuda uses.
#pragma once

#include "fibers.h"

enum cudaError_t { cudaSuccess = 0, cudaErrorInvalidValue = 1 };
using cudaStream_t = void*;
