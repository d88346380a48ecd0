// Sequences as they come from the caller, and the checks that everything behind relies on.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace w2s {

/// Host memory.
struct Sequences {
  std::vector<int32_t> tokens_N;
  std::vector<int32_t> offsets_B1;  // B + 1 entries
  /// Index within each sequence of its first target token, at least 1.
  std::vector<int32_t> target_starts_B;

  int64_t count() const { return static_cast<int64_t>(offsets_B1.size()) - 1; }
  int64_t length(int64_t sequence) const { return offsets_B1[sequence + 1] - offsets_B1[sequence]; }
  int64_t targets(int64_t sequence) const { return length(sequence) - target_starts_B[sequence]; }
  std::span<const int32_t> tokens_L(int64_t sequence) const {
    return {tokens_N.data() + offsets_B1[sequence], static_cast<size_t>(length(sequence))};
  }
};

/// Checks offsets, lengths, token ids and target starts once, before anything runs. Throws ERR_ARGUMENT
/// naming the sequence.
void check_sequences(const Sequences& sequences, int64_t vocabulary_size, int64_t context_length);

}  // namespace w2s
