// Sequences that begin alike, side by side: the order in which a batch's prefix trees are read off.
#pragma once

#include <cstdint>
#include <vector>

#include "sequences.h"

namespace w2s {

/// Sequences in lexicographic order of their tokens (the same tokens: in the caller's order), so that the one before
/// has the longest beginning in common with each among all that come before. `shared[i]` tokens of sequences[i] need
/// not be computed again; where it is 0 a tree begins.
struct PrefixOrder {
  std::vector<int64_t> sequences;
  std::vector<int64_t> shared;
};

PrefixOrder prefix_order(const Sequences& sequences, std::vector<int64_t> indices);

/// Tokens at the beginning of `later` that are taken from `earlier`, which comes before it in lexicographic order:
/// those that they have in common, or 0 where they are too few to pay. A beginning that all texts have, such as a
/// token that starts a text, would make one tree of all of them and save next to nothing; so it has to be at least
/// four tokens and an eighth of the sequence.
int64_t shared_tokens(const Sequences& sequences, int64_t earlier, int64_t later);

}  // namespace w2s
