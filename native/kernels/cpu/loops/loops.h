// Loops over raw memory, one thread's share at a time. The files of this folder are compiled once for each set of
// vector instructions (cmake/loops.cmake) and the best that the machine has is taken when it runs, so that one binary
// is fast everywhere. They therefore include neither ATen nor the standard library's templates: an inline function
// compiled for AVX512 could otherwise be linked in place of the portable one; what these files share is inlined always.
#pragma once

#include <stdint.h>

#include "../../../nn/runs.h"

namespace w2s::loops {

/// The upper half of a float32.
struct Bfloat16 {
  uint16_t bits;
};

enum class Curve { kGeluTanh, kGelu, kSilu, kRelu };

// Shapes are [rows, columns], contiguous unless a stride is named; T is float or Bfloat16. Sums are added to.

/// y = curve(x + bias); bias may be null.
template <class T>
struct ActivationRows {
  const T* x;
  const T* bias;
  T* y;
  int64_t rows, columns;
  Curve curve;
};

/// d_y is overwritten by d x, whose column sums are added to `sums` unless that is null.
template <class T>
struct ActivationBackwardRows {
  T* d_y;
  const T* x;
  const T* bias;
  float* sums;
  int64_t rows, columns;
  Curve curve;
};

/// y = curve(gate) · up, gate and up side by side in rows of 2 · columns.
template <class T>
struct GatedRows {
  const T* gate_up;
  T* y;
  int64_t rows, columns;
  Curve curve;
};

/// gate_up is overwritten by its gradient.
template <class T>
struct GatedBackwardRows {
  const T* d_y;
  T* gate_up;
  int64_t rows, columns;
  Curve curve;
};

/// x += delta + delta_bias (either may be null); out = norm(x). Layer norm where `mean` is not null, else RMSNorm.
template <class T>
struct NormRows {
  T* x;
  const T* delta;
  const T* delta_bias;
  const T* weight;
  const T* bias;
  T* out;
  float* mean;
  float* scale;
  int64_t rows, columns;
  double epsilon;
};

/// d_x = gradient of the norm, plus what d_x held where `add`.
template <class T>
struct NormBackwardRows {
  const T* d_y;
  const T* x;
  const float* mean;  // null: RMSNorm
  const float* scale;
  const T* weight;
  T* d_x;
  bool add;
  float* weight_sums;
  float* bias_sums;  // may be null
  int64_t rows, columns;
};

/// x += delta + bias; either may be null.
template <class T>
struct ResidualRows {
  T* x;
  const T* delta;
  const T* bias;
  int64_t rows, columns;
};

template <class T>
struct ColumnSums {
  const T* x;
  int64_t row_stride;
  float* sums;
  int64_t rows, columns;
};

/// Pairs (i, i + half) of each head turned by the row's angles.
template <class T>
struct RotaryRows {
  T* x;
  int64_t row_stride, head_stride;
  const float* cos;  // [rows, half]
  const float* sin;
  bool inverse;
  int64_t rows, heads, half;
};

/// log softmax at the target and the first of the largest; with `d_log_probs` the logits become their gradient.
struct ScoreRows {
  float* logits;
  const int64_t* targets;
  const float* d_log_probs;  // may be null
  float* log_probs;
  int64_t* argmax;
  int64_t rows, columns;
};

/// Memory [rows, heads, E] with a contiguous last dimension.
template <class T>
struct Heads {
  T* data;
  int64_t row_stride, head_stride;
  __attribute__((always_inline)) T* at(int64_t row, int64_t head) const {
    return data + row * row_stride + head * head_stride;
  }
};

/// One tree's branches and one key-value head, with the query heads that it serves.
template <class T>
struct AttentionTask {
  Heads<const T> q, k, v;
  Heads<T> out;            // forward
  float* log_sum_exp;      // [H, Q]: written by forward, read by backward
  Heads<const T> d_out;    // backward
  Heads<T> d_q, d_k, d_v;  // backward; the tree's rows are overwritten
  // The layout (nn/attention_layout.h).
  const Run* runs;
  const int64_t* run_offsets;
  const int64_t* query_offsets;
  const int32_t* query_places;
  int64_t queries;  // of the whole call
  // The task.
  int64_t first_branch, end_branch;
  int64_t first_row, rows;  // of the tree
  int64_t kv_head, query_heads, head_dim;
  int64_t window;
  float scale;
  int64_t most_keys;  // on one branch's path
  float* scratch;     // as many floats as attention_scratch says, aligned to 64 bytes
};

struct AttentionSizes {
  int64_t rows, most_keys, head_dim;
  bool backward;
};

template <class T>
struct Table {
  void (*activation)(const ActivationRows<T>&);
  void (*activation_backward)(const ActivationBackwardRows<T>&);
  void (*gated)(const GatedRows<T>&);
  void (*gated_backward)(const GatedBackwardRows<T>&);
  void (*norm)(const NormRows<T>&);
  void (*norm_backward)(const NormBackwardRows<T>&);
  void (*add_residual)(const ResidualRows<T>&);
  void (*add_column_sums)(const ColumnSums<T>&);
  void (*rotate)(const RotaryRows<T>&);
  void (*attention)(const AttentionTask<T>&);
  void (*attention_backward)(const AttentionTask<T>&);
};

struct Tables {
  Table<float> f32;
  Table<Bfloat16> bf16;
  void (*score)(const ScoreRows&);
  int64_t (*attention_scratch)(const AttentionSizes&);  // floats of a task of at most these sizes
};

namespace baseline {
const Tables& tables();
}
namespace avx2 {
const Tables& tables();
}
namespace avx512 {
const Tables& tables();
}

}  // namespace w2s::loops
