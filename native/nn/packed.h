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
#include "sequences.h"

namespace w2s {

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

/// One micro-batch on its device. Its sequences are in the order in which `pack` was given them, whatever order its
/// rows are in.
struct PackedBatch {
  at::Tensor tokens_N;     // int64
  at::Tensor positions_N;  // int64: of each row within the sequences that it belongs to
  at::Tensor targets_T;    // int64, sequence by sequence
  at::Tensor segments_T;   // int64: which sequence of the micro-batch each target belongs to
  Reading reading = Reading::kLastToken;
  /// Rows that are read, ascending, each once, int64 [R]; and which of them each sequence's last token or each target
  /// reads, int64 [B] or [T].
  at::Tensor read_rows_R;
  at::Tensor reads;
  /// What the tensors above and those of the layouts lie in, uint8.
  at::Tensor arrays;
  /// Rows at the end that nobody asked for, of token 0. Rounding makes one branch of them, which nobody reads; a fixed
  /// shape (nn/fixed_shape.h) makes texts of them, which are read as others are.
  int64_t padding_rows = 0;
  /// All rows as queries, and only those that are read.
  AttentionLayout all, read;
  /// For each sequence of the micro-batch, its index in the caller's batch.
  std::vector<int64_t> indices_B;
  std::vector<int64_t> target_counts_B;
  std::vector<LengthGroup> groups;  // empty where prefixes are shared

  /// Rows that were asked for.
  int64_t own_rows() const { return tokens_N.size(0) - padding_rows; }
};

struct PackOptions {
  Reading reading = Reading::kLastToken;
  /// Rows of a beginning that several sequences have are computed once. Where none have, the batch is as without.
  bool share_prefixes = false;
  /// Rows are padded to a multiple of this where that adds less than one in sixteen.
  int64_t round_rows_to = 1;
  /// Layouts get offsets on the CPU too.
  bool with_offsets = false;
};

/// Lays the given sequences end to end on a device, where the layouts then have offsets too unless it is the CPU. Same
/// sequences and options, same batch.
PackedBatch pack(const Sequences& sequences, const std::vector<int64_t>& indices_B,
                 const PackOptions& options, const UploadTarget& target);

}  // namespace w2s
