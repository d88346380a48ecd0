// Attention on an NVIDIA GPU over packed sequences, forward and backward by hand. attention_cuda.cpp is the one file
// that calls kernels whose schema drifts between libtorch versions; it links no CUDA, as the dispatcher finds them.
#pragma once

#include "../kernels/kernels.h"

namespace w2s {

/// Which kernel computes one call.
enum class AttentionPath {
  kFlash,      // varlen flash attention: 16-bit
  kEfficient,  // memory-efficient attention over offsets: float32, and 16-bit heads that flash refuses
  kPlain,      // the plain kernels
};

/// What the choice depends on besides the call.
struct AttentionTraits {
  at::ScalarType dtype = at::kFloat;
  int64_t head_size = 0;
  int64_t compute_capability = 8;  // its major number: 8 from sm_80 to sm_89
};

/// The fastest kernel that can compute the call. Plain, where the layout has no offsets or its queries do not trail.
AttentionPath attention_path(const AttentionCall& call, const AttentionTraits& traits);
/// The same for these queries on a CUDA device of this major compute capability.
AttentionPath attention_path(const AttentionCall& call, const at::Tensor& q_QHE, int64_t compute_capability);

/// `Kernels::attention` on a CUDA device of this major compute capability.
Attended cuda_attention(const AttentionCall& call, const at::Tensor& q_QHE, const at::Tensor& k_NGE,
                        const at::Tensor& v_NGE, int64_t compute_capability);

/// `Kernels::attention_backward` of what `cuda_attention` gave.
void cuda_attention_backward(const AttentionCall& call, const at::Tensor& q_QHE, const at::Tensor& k_NGE,
                             const at::Tensor& v_NGE, const Attended& attended, const at::Tensor& d_out_QD,
                             at::Tensor d_q_QHE, at::Tensor d_k_NGE, at::Tensor d_v_NGE,
                             int64_t compute_capability);

}  // namespace w2s
