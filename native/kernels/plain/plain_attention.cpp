// Attention branch by branch: gathered keys, a dense mask, one row of probabilities for each query.
#include <ATen/core/grad_mode.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/logsumexp.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/tensor.h>

#include <limits>

#include "plain_kernels.h"

namespace w2s {
namespace {

// One branch's queries and the keys on its path.
struct BranchView {
  int64_t first_query = 0, queries = 0;
  at::Tensor key_rows_K;  // int64
  at::Tensor hidden_QK;   // true where the query does not see the key
};

BranchView view_branch(const AttentionCall& call, size_t branch, const at::Device& device) {
  const AttentionLayout& layout = call.layout;
  BranchView view;
  view.first_query = layout.query_offsets[branch];
  view.queries = layout.query_offsets[branch + 1] - view.first_query;
  if (view.queries == 0) return view;
  const auto on_device = at::TensorOptions().dtype(at::kLong).device(device);
  std::vector<at::Tensor> rows;
  for (int64_t index = layout.run_offsets[branch]; index < layout.run_offsets[branch + 1]; ++index) {
    const Run& run = layout.runs[index];
    rows.push_back(at::arange(run.first_row, run.first_row + run.count, on_device));
  }
  view.key_rows_K = at::cat(rows, 0);
  const std::vector<int64_t> places(layout.query_places.begin() + view.first_query,
                                    layout.query_places.begin() + view.first_query + view.queries);
  const at::Tensor query_Q1 = at::tensor(places, at::kLong).to(device).unsqueeze(1);
  const at::Tensor key_1K = at::arange(view.key_rows_K.size(0), on_device).unsqueeze(0);
  view.hidden_QK = key_1K.gt(query_Q1);
  if (call.window > 0) view.hidden_QK.logical_or_(key_1K.le(query_Q1 - call.window));
  return view;
}

at::Tensor queries_HQE(const at::Tensor& x_QHE, const BranchView& view) {
  return x_QHE.narrow(0, view.first_query, view.queries).to(at::kFloat).transpose(0, 1);
}

// Each key-value head serves H / G query heads that follow one another.
at::Tensor keys_HKE(const at::Tensor& x_NGE, const BranchView& view, int64_t heads) {
  const at::Tensor x_GKE = x_NGE.index_select(0, view.key_rows_K).to(at::kFloat).transpose(0, 1);
  return x_GKE.repeat_interleave(heads / x_GKE.size(0), 0);
}

// Gradients of repeated heads, summed, into the rows they came from.
void add_keys(at::Tensor& d_NGE, const BranchView& view, const at::Tensor& d_HKE) {
  const at::Tensor d_GKE = d_HKE.unflatten(0, {d_NGE.size(1), -1}).sum(1);
  d_NGE.index_add_(0, view.key_rows_K, d_GKE.transpose(0, 1));
}

at::Tensor scores_HQK(const at::Tensor& q_HQE, const at::Tensor& k_HKE, const BranchView& view,
                      double scale) {
  return at::matmul(q_HQE, k_HKE.transpose(1, 2))
      .mul_(scale)
      .masked_fill_(view.hidden_QK, -std::numeric_limits<double>::infinity());
}

}  // namespace

Attended PlainKernels::attention(const AttentionCall& call, const at::Tensor& q_QHE, const at::Tensor& k_NGE,
                                 const at::Tensor& v_NGE) const {
  const at::NoGradGuard no_grad;
  const int64_t queries = q_QHE.size(0), heads = q_QHE.size(1);
  Attended attended{at::empty({queries, heads * q_QHE.size(2)}, q_QHE.options()),
                    at::empty({queries, heads}, q_QHE.options().dtype(at::kFloat)),
                    {}};
  for (size_t branch = 0; branch < call.layout.branches.size(); ++branch) {
    const BranchView view = view_branch(call, branch, q_QHE.device());
    if (view.queries == 0) continue;
    const at::Tensor s_HQK =
        scores_HQK(queries_HQE(q_QHE, view), keys_HKE(k_NGE, view, heads), view, call.scale);
    const at::Tensor lse_HQ = at::logsumexp(s_HQK, 2);
    const at::Tensor p_HQK = (s_HQK - lse_HQ.unsqueeze(2)).exp();
    const at::Tensor out_HQE = at::matmul(p_HQK, keys_HKE(v_NGE, view, heads));
    attended.out_QD.narrow(0, view.first_query, view.queries).copy_(out_HQE.transpose(0, 1).flatten(1));
    attended.log_sum_exp.narrow(0, view.first_query, view.queries).copy_(lse_HQ.t());
  }
  return attended;
}

// With P the probabilities and O = P V:  dV = Pᵀ dO,  dP = dO Vᵀ,  dS = P ∘ (dP − rowsum(P ∘ dP)),
// dQ = scale · dS K,  dK = scale · dSᵀ Q.
void PlainKernels::attention_backward(const AttentionCall& call, const at::Tensor& q_QHE,
                                      const at::Tensor& k_NGE, const at::Tensor& v_NGE,
                                      const Attended& attended, const at::Tensor& d_out_QD,
                                      at::Tensor d_q_QHE, at::Tensor d_k_NGE, at::Tensor d_v_NGE) const {
  const at::NoGradGuard no_grad;
  const int64_t heads = q_QHE.size(1);
  const at::Tensor d_out_QHE = d_out_QD.unflatten(1, {heads, q_QHE.size(2)});
  at::Tensor sum_k_NGE = at::zeros(k_NGE.sizes(), k_NGE.options().dtype(at::kFloat));
  at::Tensor sum_v_NGE = at::zeros(v_NGE.sizes(), v_NGE.options().dtype(at::kFloat));
  for (size_t branch = 0; branch < call.layout.branches.size(); ++branch) {
    const BranchView view = view_branch(call, branch, q_QHE.device());
    if (view.queries == 0) continue;
    const at::Tensor q_HQE = queries_HQE(q_QHE, view), d_out_HQE = queries_HQE(d_out_QHE, view);
    const at::Tensor k_HKE = keys_HKE(k_NGE, view, heads), v_HKE = keys_HKE(v_NGE, view, heads);
    const at::Tensor lse_HQ1 =
        attended.log_sum_exp.narrow(0, view.first_query, view.queries).t().unsqueeze(2);
    const at::Tensor p_HQK = (scores_HQK(q_HQE, k_HKE, view, call.scale) - lse_HQ1).exp();
    const at::Tensor d_p_HQK = at::matmul(d_out_HQE, v_HKE.transpose(1, 2));
    const at::Tensor mean_HQ1 = (p_HQK * d_p_HQK).sum(2, /*keepdim=*/true);
    const at::Tensor d_s_HQK = p_HQK * (d_p_HQK - mean_HQ1) * call.scale;
    d_q_QHE.narrow(0, view.first_query, view.queries).copy_(at::matmul(d_s_HQK, k_HKE).transpose(0, 1));
    add_keys(sum_k_NGE, view, at::matmul(d_s_HQK.transpose(1, 2), q_HQE));
    add_keys(sum_v_NGE, view, at::matmul(p_HQK.transpose(1, 2), d_out_HQE));
  }
  d_k_NGE.copy_(sum_k_NGE);
  d_v_NGE.copy_(sum_v_NGE);
}

}  // namespace w2s
