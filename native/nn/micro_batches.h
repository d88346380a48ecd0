// Cuts a set of sequences into micro-batches under a token budget. The cut changes speed and memory, never a
// result beyond rounding.
#pragma once

#include <cstdint>
#include <vector>

#include "packed.h"

namespace w2s {

/// Longest sequences first, so that a budget that is too large runs out of memory at once and not an hour
/// later, and equal lengths side by side, as attention wants them; equal lengths keep the caller's order. A
/// sequence longer than the budget is a micro-batch of its own.
std::vector<std::vector<int64_t>> plan_micro_batches(const Sequences& sequences, int64_t token_budget);

}  // namespace w2s
