// Micro-batches of a few sizes: recorded work (recorded_work.h) has its sizes fixed, so sequences are filled up to the
// next of them with texts that nobody asked for, whose scores nobody reads and whose gradients are zero.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <vector>

#include "packed.h"

namespace w2s {

struct FixedShape {
  int64_t rows = 0;
  int64_t sequences = 0;
  int64_t longest = 0;  // what kernels are told; no sequence is longer

  auto operator<=>(const FixedShape&) const = default;
};

/// The smallest of the shapes that holds these sequences. It adds 1 to 16 texts of at least one token, and rounds rows
/// up to a multiple of 64 or, from 2,048 on, of a sixteenth of the power of two below them. None where the sequences
/// have so many tokens that computing takes longer than launching, or where filling up would take texts longer than the
/// model's context.
std::optional<FixedShape> fixed_shape(const Sequences& sequences, const std::vector<int64_t>& indices_B,
                                      int64_t context_length);

/// Those sequences and the texts that fill them up to the shape, laid end to end, of which the last tokens are read and
/// no targets kept. Sequence i of the batch is the one at indices_B[i]; the filling comes last.
PackedBatch pack_to(const FixedShape& shape, const Sequences& sequences,
                    const std::vector<int64_t>& indices_B, const UploadTarget& target);

}  // namespace w2s
