// How many tokens a micro-batch should have on a device, found out by trying.
#pragma once

#include <cstdint>
#include <functional>

namespace w2s {

/// Runs one micro-batch of at most so many tokens: how many it had, and how long it took.
struct Trial {
  int64_t tokens = 0;
  double seconds = 0.0;
};

/// Doubles `least` until `most` is reached, memory runs out or fewer than 3 % more tokens a second are computed, and
/// gives the number with the best of them; what fitted last before memory ran out, less an eighth. `try_tokens`
/// throws out of memory. Errors: that for `least` as well.
int64_t search_budget(int64_t least, int64_t most, const std::function<Trial(int64_t tokens)>& try_tokens,
                      const std::function<void()>& clean_up);

}  // namespace w2s
