// Plain C entry points of w2s_cuda.so, the only door between the addon and CUDA. Functions return 0, or
// write a message (cut to `size`, always terminated) into `error` and return another number.
#pragma once

#include <stddef.h>
#include <stdint.h>

#define W2S_CUDA_EXPORT __attribute__((visibility("default")))

#ifdef __cplusplus
extern "C" {
#endif

/// Raised with every change of this file; the addon refuses a library of another revision.
#define W2S_CUDA_REVISION 4

typedef struct {
  int32_t index;
  int32_t major;
  int32_t minor;
  int32_t bf16;
  int64_t total_memory;
  int64_t free_memory;
  char name[256];
} w2s_cuda_device;

W2S_CUDA_EXPORT int32_t w2s_cuda_revision(void);
W2S_CUDA_EXPORT int32_t w2s_cuda_device_count(int32_t* count, char* error, size_t size);
W2S_CUDA_EXPORT int32_t w2s_cuda_describe(int32_t index, w2s_cuda_device* device, char* error, size_t size);
/// Runs a small kernel of ours on that device: proof that this binary carries code for it.
W2S_CUDA_EXPORT int32_t w2s_cuda_probe(int32_t index, char* error, size_t size);

// ---- Kernels (kernels.cpp) ----
// Each runs on `device` in the stream that ATen has current there, and returns when it is enqueued. Pointers are
// device memory; arrays lie row by row without gaps unless a stride says otherwise, strides count elements. `values`
// are of the dtype; what is written float* is float32. Results depend on nothing but the arguments: sums over rows
// are made in `slices` parts and then in order, without atomics.

enum { W2S_CUDA_F32 = 0, W2S_CUDA_BF16 = 1, W2S_CUDA_F64 = 2 };
enum { W2S_CUDA_HALF = 0, W2S_CUDA_WEAK_MEAN = 1, W2S_CUDA_VALUE = 2 };
enum { W2S_CUDA_GELU_TANH = 0, W2S_CUDA_GELU = 1, W2S_CUDA_SILU = 2, W2S_CUDA_RELU = 3 };

/// Where, how large and of what. `workspace`: see the function that asks for one.
typedef struct {
  int32_t device;
  int32_t dtype;
  int64_t rows;
  int64_t columns;
  float* workspace;
  int64_t slices;
} w2s_cuda_shape;

typedef struct {
  w2s_cuda_shape shape;
  int32_t activation;
  const void* x;
  const void* bias; /* [columns], or null */
  void* y;          /* forward: written; backward: d y, over which d x is written */
  float* d_bias;    /* backward: [columns], added to; or null */
} w2s_cuda_activation_call;
W2S_CUDA_EXPORT int32_t w2s_cuda_activation(const w2s_cuda_activation_call* call, char* error, size_t size);
/// With d_bias: a workspace of slices * columns.
W2S_CUDA_EXPORT int32_t w2s_cuda_activation_backward(const w2s_cuda_activation_call* call, char* error,
                                                     size_t size);

typedef struct {
  w2s_cuda_shape shape; /* columns: of the output */
  int32_t activation;
  void* gate_up; /* [rows, 2 * columns]; backward: overwritten by its gradient */
  void* y;       /* forward: written; backward: d y, read */
} w2s_cuda_gated_call;
W2S_CUDA_EXPORT int32_t w2s_cuda_gated(const w2s_cuda_gated_call* call, char* error, size_t size);
W2S_CUDA_EXPORT int32_t w2s_cuda_gated_backward(const w2s_cuda_gated_call* call, char* error, size_t size);

typedef struct {
  w2s_cuda_shape shape;
  int32_t layer_norm; /* 0: RMSNorm, without mean and bias */
  float epsilon;
  void* x;                /* residual, added to in place */
  const void* delta;      /* or null */
  const void* delta_bias; /* [columns], or null */
  const void* weight;     /* [columns] */
  const void* bias;       /* [columns] */
  void* out;
  float* mean;  /* [rows] */
  float* scale; /* [rows] */
} w2s_cuda_norm_call;
W2S_CUDA_EXPORT int32_t w2s_cuda_residual_norm(const w2s_cuda_norm_call* call, char* error, size_t size);

typedef struct {
  w2s_cuda_shape shape;
  int32_t layer_norm;
  const void* d_y;
  const void* x;
  const void* weight;
  const float* mean;
  const float* scale;
  const void* d_stream; /* gradient that came by the residual stream, or null; may be d_x */
  void* d_x;            /* written */
  float* d_weight;      /* [columns], added to; or null */
  float* d_bias;        /* the same, of a layer norm */
} w2s_cuda_norm_backward_call;
/// With d_weight: a workspace of slices * columns, twice that for a layer norm.
W2S_CUDA_EXPORT int32_t w2s_cuda_norm_backward(const w2s_cuda_norm_backward_call* call, char* error,
                                               size_t size);

typedef struct {
  w2s_cuda_shape shape;
  void* x;           /* added to in place */
  const void* delta; /* or null */
  const void* bias;  /* [columns], or null */
} w2s_cuda_residual_call;
W2S_CUDA_EXPORT int32_t w2s_cuda_add_residual(const w2s_cuda_residual_call* call, char* error, size_t size);

typedef struct {
  w2s_cuda_shape shape;
  const void* x;
  int64_t row_stride;
  float* sums; /* [columns], added to */
} w2s_cuda_column_sums_call;
/// A workspace of slices * columns.
W2S_CUDA_EXPORT int32_t w2s_cuda_add_column_sums(const w2s_cuda_column_sums_call* call, char* error,
                                                 size_t size);

typedef struct {
  w2s_cuda_shape shape; /* columns: dimensions of one head, even */
  int64_t heads;
  int64_t row_stride;
  int64_t head_stride;
  void* x;             /* rotated in place */
  const float* cosine; /* [rows, columns / 2] */
  const float* sine;
  int32_t inverse;
} w2s_cuda_rotate_call;
W2S_CUDA_EXPORT int32_t w2s_cuda_rotate(const w2s_cuda_rotate_call* call, char* error, size_t size);

typedef struct {
  w2s_cuda_shape shape; /* columns: the vocabulary, below 2^31; dtype float32 */
  float* logits;        /* overwritten by their gradient where d_log_probs is given */
  const int64_t* targets;
  const float* d_log_probs; /* [rows], or null */
  float* log_probs;         /* [rows], written */
  int64_t* argmax;          /* [rows], written */
} w2s_cuda_score_call;
W2S_CUDA_EXPORT int32_t w2s_cuda_score_chunk(const w2s_cuda_score_call* call, char* error, size_t size);

/// Examples that the confidence loss takes at once: their keys lie in one block's shared memory.
#define W2S_CUDA_CONFIDENCE_ROWS 4096

/// See loss/confidence.h, whose reference this repeats.
typedef struct {
  w2s_cuda_shape shape; /* rows: examples, at most W2S_CUDA_CONFIDENCE_ROWS; columns 2; dtype F32 or F64 */
  const void* logits;
  const float* targets;
  int32_t log_probabilities;
  int32_t rule;
  double value;
  double alpha;
  double batch_size;
  double* loss;     /* one, written */
  double* d_logits; /* [rows, 2], written */
} w2s_cuda_confidence_call;
W2S_CUDA_EXPORT int32_t w2s_cuda_confidence(const w2s_cuda_confidence_call* call, char* error, size_t size);

// ---- Graphs (graphs.cpp) ----

typedef struct w2s_cuda_graph w2s_cuda_graph;

/// Two numbers that stand for memory of graphs' own. Graphs may share it where none is launched before what the one
/// before it left there has been read.
W2S_CUDA_EXPORT int32_t w2s_cuda_graph_pool(uint64_t* pool, char* error, size_t size);
/// Captures from here on what this thread puts into ATen's current stream of the device, not the default one, instead
/// of running it. Free it in any case.
W2S_CUDA_EXPORT int32_t w2s_cuda_graph_begin(int32_t device, const uint64_t* pool, w2s_cuda_graph** graph,
                                             char* error, size_t size);
/// Ends the capture, with the same stream current.
W2S_CUDA_EXPORT int32_t w2s_cuda_graph_end(w2s_cuda_graph* graph, char* error, size_t size);
/// Puts all of it into ATen's current stream of its device.
W2S_CUDA_EXPORT int32_t w2s_cuda_graph_launch(w2s_cuda_graph* graph, char* error, size_t size);
/// A capture that has not ended is given up.
W2S_CUDA_EXPORT void w2s_cuda_graph_free(w2s_cuda_graph* graph);

#ifdef __cplusplus
}
#endif
