// What to do when a micro-batch does not fit into memory: the same work again, from its beginning, in smaller ones.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <exception>

#include "../out_of_memory.h"
#include "sequences.h"

namespace w2s {

/// Half the tokens that a micro-batch of these sequences can have under a budget, and no less than the longest example
/// of `group` sequences has, which is a micro-batch under any budget. The budget itself where nothing smaller is left.
int64_t halved_budget(int64_t budget, const Sequences& sequences, int64_t group = 1);

/// Runs `attempt(budget)`. Where it runs out of memory: calls `clean_up()`, gives back what the device's allocator
/// keeps, halves `budget` and runs it again; where `clean_up` says that it freed what may be all that was missing, with
/// the same budget. Errors: those of `attempt`, out of memory for one example too.
template <class Attempt, class CleanUp>
auto with_halving(int64_t& budget, const Sequences& sequences, int64_t group, const at::Device& device,
                  const CleanUp& clean_up, const Attempt& attempt) {
  while (true) {
    try {
      return attempt(budget);
    } catch (...) {
      if (!is_out_of_memory(std::current_exception())) throw;
      if (!clean_up()) {
        const int64_t half = halved_budget(budget, sequences, group);
        if (half >= budget) throw;
        budget = half;
      }
    }
    release_cached_memory(device);
  }
}

}  // namespace w2s
