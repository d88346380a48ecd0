// Rows of a packed batch that belong together. Apart from the layout that holds them, so that loops which include no
// ATen can read them.
#pragma once

#include <stdint.h>

namespace w2s {

/// Neighbouring rows of a packed batch.
struct Run {
  int64_t first_row = 0;
  int64_t count = 0;
};

}  // namespace w2s
