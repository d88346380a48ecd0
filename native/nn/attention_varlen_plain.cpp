// The plain kernel over offsets: a matrix of scores for each branch.
#include <ATen/ops/arange.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/zeros.h>

#include <limits>

#include "attention_varlen.h"

namespace w2s {
namespace {

// [rows of x, H, E] → [H, rows, E] of one branch in float32; each key-value head serves H / G query heads.
at::Tensor heads_first(const at::Tensor& x, const at::Tensor& offsets, int64_t branch, int64_t heads) {
  const int64_t first = offsets[branch].item<int32_t>(), end = offsets[branch + 1].item<int32_t>();
  return x.narrow(0, first, end - first)
      .to(at::kFloat)
      .repeat_interleave(heads / x.size(1), 1)
      .transpose(0, 1)
      .contiguous();
}

at::Tensor probabilities(const VarlenCall& call, const at::Tensor& q_HQE, const at::Tensor& k_HKE) {
  const int64_t queries = q_HQE.size(1), keys = k_HKE.size(1);
  const at::Tensor key_1K = at::arange(keys, q_HQE.options().dtype(at::kLong)).unsqueeze(0);
  const at::Tensor query_Q1 = at::arange(keys - queries, keys, q_HQE.options().dtype(at::kLong)).unsqueeze(1);
  at::Tensor hidden_QK = key_1K > query_Q1;
  if (call.window > 0) hidden_QK = hidden_QK.logical_or(key_1K <= query_Q1 - call.window);
  const at::Tensor scores_HQK = at::matmul(q_HQE, k_HKE.transpose(1, 2)) * call.scale;
  return at::softmax(scores_HQK.masked_fill(hidden_QK, -std::numeric_limits<float>::infinity()), -1);
}

class PlainVarlen final : public VarlenKernel {
 public:
  Attended forward(const VarlenCall& call, const at::Tensor& q_QHE, const at::Tensor& k_KGE,
                   const at::Tensor& v_KGE) const override {
    at::Tensor out_QHE = at::empty(q_QHE.sizes(), q_QHE.options());
    for (int64_t branch = 0; branch + 1 < call.query_offsets_B1.size(0); ++branch) {
      const int64_t heads = q_QHE.size(1);
      const at::Tensor q_HQE = heads_first(q_QHE, call.query_offsets_B1, branch, heads);
      if (q_HQE.size(1) == 0) continue;
      const at::Tensor p_HQK =
          probabilities(call, q_HQE, heads_first(k_KGE, call.key_offsets_B1, branch, heads));
      const at::Tensor v_HKE = heads_first(v_KGE, call.key_offsets_B1, branch, heads);
      const int64_t first = call.query_offsets_B1[branch].item<int32_t>();
      out_QHE.narrow(0, first, q_HQE.size(1)).copy_(at::matmul(p_HQK, v_HKE).transpose(0, 1));
    }
    return {out_QHE.view({q_QHE.size(0), -1}), {}, {}};
  }

  Gradients backward(const VarlenCall& call, const at::Tensor& q_QHE, const at::Tensor& k_KGE,
                     const at::Tensor& v_KGE, const Attended&, const at::Tensor& d_out_QHE) const override {
    const int64_t heads = q_QHE.size(1), groups = k_KGE.size(1);
    Gradients result{at::empty(q_QHE.sizes(), q_QHE.options()), at::zeros(k_KGE.sizes(), k_KGE.options()),
                     at::zeros(v_KGE.sizes(), v_KGE.options())};
    const auto put = [&](at::Tensor& into, const at::Tensor& offsets, int64_t branch,
                         const at::Tensor& d_HNE) {
      const int64_t first = offsets[branch].item<int32_t>();
      into.narrow(0, first, d_HNE.size(1)).copy_(d_HNE.transpose(0, 1));
    };
    const auto sum_heads = [&](const at::Tensor& d_HKE) {
      return d_HKE.view({groups, heads / groups, d_HKE.size(1), d_HKE.size(2)}).sum(1);
    };
    for (int64_t branch = 0; branch + 1 < call.query_offsets_B1.size(0); ++branch) {
      const at::Tensor q_HQE = heads_first(q_QHE, call.query_offsets_B1, branch, heads);
      if (q_HQE.size(1) == 0) continue;
      const at::Tensor k_HKE = heads_first(k_KGE, call.key_offsets_B1, branch, heads);
      const at::Tensor v_HKE = heads_first(v_KGE, call.key_offsets_B1, branch, heads);
      const at::Tensor d_out_HQE = heads_first(d_out_QHE, call.query_offsets_B1, branch, heads);
      const at::Tensor p_HQK = probabilities(call, q_HQE, k_HKE);
      const at::Tensor d_p_HQK = at::matmul(d_out_HQE, v_HKE.transpose(1, 2));
      const at::Tensor d_scores_HQK =
          p_HQK * (d_p_HQK - (p_HQK * d_p_HQK).sum(-1, /*keepdim=*/true)) * call.scale;
      put(result.d_q_QHE, call.query_offsets_B1, branch, at::matmul(d_scores_HQK, k_HKE));
      put(result.d_k_KGE, call.key_offsets_B1, branch,
          sum_heads(at::matmul(d_scores_HQK.transpose(1, 2), q_HQE)));
      put(result.d_v_KGE, call.key_offsets_B1, branch,
          sum_heads(at::matmul(p_HQK.transpose(1, 2), d_out_HQE)));
    }
    return result;
  }
};

}  // namespace

std::unique_ptr<VarlenKernel> plain_varlen_kernel() { return std::make_unique<PlainVarlen>(); }

}  // namespace w2s
