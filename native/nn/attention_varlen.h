// Attention by kernels that take sequence offsets (cu_seqlens): what the layout says, in their terms. Which kernel it
// is does not matter here, so that a slow one on the CPU can show that the terms are right.
#pragma once

#include "../kernels/kernels.h"

namespace w2s {

/// Queries [query_offsets[b], query_offsets[b + 1]) are the last of the keys [key_offsets[b], key_offsets[b + 1]), and
/// each sees those before it and itself; with a window W > 0 the last W of them.
struct VarlenCall {
  at::Tensor query_offsets_B1, key_offsets_B1;  // int32, on the device
  int64_t most_queries = 0, most_keys = 0;      // of one branch
  int64_t window = 0;
  double scale = 1.0;
};

/// A kernel over offsets. G divides H; the last dimension of its inputs is contiguous.
class VarlenKernel {
 public:
  virtual ~VarlenKernel() = default;
  virtual Attended forward(const VarlenCall& call, const at::Tensor& q_QHE, const at::Tensor& k_KGE,
                           const at::Tensor& v_KGE) const = 0;
  struct Gradients {
    at::Tensor d_q_QHE, d_k_KGE, d_v_KGE;
  };
  virtual Gradients backward(const VarlenCall& call, const at::Tensor& q_QHE, const at::Tensor& k_KGE,
                             const at::Tensor& v_KGE, const Attended& attended,
                             const at::Tensor& d_out_QHE) const = 0;
};

/// `Kernels::attention` through such a kernel, for a trailing layout with offsets.
Attended varlen_attention(const VarlenKernel& kernel, const AttentionCall& call, const at::Tensor& q_QHE,
                          const at::Tensor& k_NGE, const at::Tensor& v_NGE);

/// `Kernels::attention_backward` of it. Where several branches see one row, their gradients are added in float32.
void varlen_attention_backward(const VarlenKernel& kernel, const AttentionCall& call, const at::Tensor& q_QHE,
                               const at::Tensor& k_NGE, const at::Tensor& v_NGE, const Attended& attended,
                               const at::Tensor& d_out_QD, at::Tensor d_q_QHE, at::Tensor d_k_NGE,
                               at::Tensor d_v_NGE);

/// The plain one, branch by branch; it reads the offsets, so it waits for the device.
std::unique_ptr<VarlenKernel> plain_varlen_kernel();

}  // namespace w2s
