// Cuts a set of sequences into micro-batches under a token budget. The cut changes speed and memory, never a
// result beyond rounding.
#pragma once

#include <cstdint>
#include <vector>

#include "sequences.h"

namespace w2s {

/// `group` consecutive sequences form one example, and stay in one micro-batch; the last example is whole.
/// Longest examples first, so that a budget that is too large runs out of memory at once and not an hour
/// later, and within a micro-batch equal lengths side by side, as attention wants them; equal lengths keep the
/// caller's order. An example longer than the budget is a micro-batch of its own.
///
/// With `share_prefixes` a token that `pack` computes once counts once, and examples whose sequences begin alike stay
/// together as far as the budget goes: families of them take the place of examples, by their longest example, and a
/// family larger than the budget is cut in lexicographic order, in which neighbours have most in common. Where nothing
/// is shared the plan is the one without.
std::vector<std::vector<int64_t>> plan_micro_batches(const Sequences& sequences, int64_t token_budget,
                                                     int64_t group = 1, bool share_prefixes = false);

}  // namespace w2s
