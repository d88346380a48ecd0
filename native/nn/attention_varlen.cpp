#include "attention_varlen.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>

namespace w2s {
namespace {

VarlenCall varlen_call(const AttentionCall& call) {
  const AttentionLayout& layout = call.layout;
  return {layout.query_offsets_on_device,
          layout.key_offsets_on_device,
          layout.most_queries,
          layout.most_keys,
          call.window,
          call.scale};
}

// The rows that are seen, branch by branch; a row that several branches see comes several times.
at::Tensor seen(const AttentionLayout& layout, const at::Tensor& x_NGE) {
  return layout.key_rows.defined() ? x_NGE.index_select(0, layout.key_rows) : x_NGE.narrow(0, 0, layout.keys);
}

void put_seen(const AttentionLayout& layout, const at::Tensor& d_x_KGE, at::Tensor& d_x_NGE) {
  if (!layout.key_rows.defined()) {
    d_x_NGE.narrow(0, 0, layout.keys).copy_(d_x_KGE);
    d_x_NGE.narrow(0, layout.keys, d_x_NGE.size(0) - layout.keys).zero_();
    return;
  }
  d_x_NGE.copy_(at::zeros(d_x_NGE.sizes(), d_x_KGE.options().dtype(at::kFloat))
                    .index_add_(0, layout.key_rows, d_x_KGE.to(at::kFloat)));
}

}  // namespace

Attended varlen_attention(const VarlenKernel& kernel, const AttentionCall& call, const at::Tensor& q_QHE,
                          const at::Tensor& k_NGE, const at::Tensor& v_NGE) {
  const at::NoGradGuard no_grad;
  if (q_QHE.size(0) == 0) return {at::empty({0, q_QHE.size(1) * q_QHE.size(2)}, q_QHE.options()), {}, {}};
  return kernel.forward(varlen_call(call), q_QHE, seen(call.layout, k_NGE), seen(call.layout, v_NGE));
}

void varlen_attention_backward(const VarlenKernel& kernel, const AttentionCall& call, const at::Tensor& q_QHE,
                               const at::Tensor& k_NGE, const at::Tensor& v_NGE, const Attended& attended,
                               const at::Tensor& d_out_QD, at::Tensor d_q_QHE, at::Tensor d_k_NGE,
                               at::Tensor d_v_NGE) {
  const at::NoGradGuard no_grad;
  if (q_QHE.size(0) == 0) {
    d_k_NGE.zero_();
    d_v_NGE.zero_();
    return;
  }
  const VarlenKernel::Gradients gradients =
      kernel.backward(varlen_call(call), q_QHE, seen(call.layout, k_NGE), seen(call.layout, v_NGE), attended,
                      d_out_QD.view(q_QHE.sizes()));
  d_q_QHE.copy_(gradients.d_q_QHE);
  put_seen(call.layout, gradients.d_k_KGE, d_k_NGE);
  put_seen(call.layout, gradients.d_v_KGE, d_v_NGE);
}

}  // namespace w2s
