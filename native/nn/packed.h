// Packed sequences: many sequences end to end, no padding.
//
// Shape suffixes used in native/: B sequences, N tokens of all sequences, T target tokens, D hidden size, F
// MLP size, H query heads, G key-value heads, E dimensions of one head, V vocabulary, K outputs of a head, L
// one length, R rows that are read or that generate, C places of a cache or rows of a chunk.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "attention_layout.h"

namespace w2s {

/// Sequences as they come from the caller; host memory.
struct Sequences {
  std::vector<int32_t> tokens_N;
  std::vector<int32_t> offsets_B1;  // B + 1 entries
  /// Index within each sequence of its first target token, at least 1.
  std::vector<int32_t> target_starts_B;

  int64_t count() const { return static_cast<int64_t>(offsets_B1.size()) - 1; }
  int64_t length(int64_t sequence) const { return offsets_B1[sequence + 1] - offsets_B1[sequence]; }
  int64_t targets(int64_t sequence) const { return length(sequence) - target_starts_B[sequence]; }
};

/// Neighbouring sequences of one length: attention reads them as one dense [count, length] block.
struct LengthGroup {
  int64_t first_row = 0;
  int64_t count = 0;
  int64_t length = 0;
};

/// What is read of a sequence.
enum class Reading {
  kLastToken,
  kTargets,  // the rows whose next token is a target
};

/// One micro-batch on its device, sequences in order of length.
struct PackedBatch {
  at::Tensor tokens_N;     // int64
  at::Tensor positions_N;  // int64, restarting with each sequence
  at::Tensor targets_T;    // int64, sequence by sequence
  Reading reading = Reading::kLastToken;
  /// Rows that are read, ascending, each once, int64 [R]; and which of them each sequence's last token or each target
  /// reads, int64 [B] or [T].
  at::Tensor read_rows_R;
  at::Tensor reads;
  /// All rows as queries, and only those that are read.
  AttentionLayout all, read;
  /// For each sequence of the micro-batch, its index in the caller's batch.
  std::vector<int64_t> indices_B;
  std::vector<int64_t> target_counts_B;
  std::vector<LengthGroup> groups;  // empty where prefixes are shared
};

struct PackOptions {
  Reading reading = Reading::kLastToken;
  /// Rows of a beginning that several sequences have are computed once.
  bool share_prefixes = false;
};

/// Checks offsets, lengths, token ids and target starts once, before anything runs. Throws ERR_ARGUMENT
/// naming the sequence.
void check_sequences(const Sequences& sequences, int64_t vocabulary_size, int64_t context_length);

/// Lays the given sequences, sorted by length, end to end on a device.
PackedBatch pack(const Sequences& sequences, const std::vector<int64_t>& indices_B,
                 const PackOptions& options, const at::Device& device);

}  // namespace w2s
