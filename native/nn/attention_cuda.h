// Attention on an NVIDIA GPU over packed sequences, forward and backward by hand. attention_cuda.cpp is the one file
// that calls kernels whose schema drifts between libtorch versions; it links no CUDA, as the dispatcher finds them.
#pragma once

#include "../kernels/kernels.h"

namespace w2s {

/// Which kernel computes one call.
enum class AttentionPath {
  kFlash,      // varlen flash attention: bfloat16
  kEfficient,  // memory-efficient attention over sequence offsets: float32, heads that flash refuses, older GPUs
  kPlain,      // the plain kernels: queries that neither can place
};

/// What the choice depends on besides the layout.
struct AttentionTraits {
  at::ScalarType dtype = at::kFloat;
  int64_t head_size = 0;
  int64_t compute_capability = 0;  // major: 8 for sm_80 … sm_89
};

/// The kernel for these queries. Needs the layout's offsets on a device: without them, plain.
AttentionPath attention_path(const AttentionLayout& layout, const AttentionTraits& traits);

/// `Kernels::attention` on a CUDA device.
Attended cuda_attention(const AttentionCall& call, const at::Tensor& q_QHE, const at::Tensor& k_NGE,
                        const at::Tensor& v_NGE);

/// `Kernels::attention_backward` of what `cuda_attention` gave, on a CUDA device.
void cuda_attention_backward(const AttentionCall& call, const at::Tensor& q_QHE, const at::Tensor& k_NGE,
                             const at::Tensor& v_NGE, const Attended& attended, const at::Tensor& d_out_QD,
                             at::Tensor d_q_QHE, at::Tensor d_k_NGE, at::Tensor d_v_NGE);

}  // namespace w2s
