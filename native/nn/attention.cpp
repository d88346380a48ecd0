#include "attention.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/scaled_dot_product_attention.h>

namespace w2s {
namespace {

// [N, G, E] → a view [count, G, length, E] of one group's rows.
at::Tensor group_view(const at::Tensor& x_NGE, const LengthGroup& group) {
  return x_NGE.narrow(0, group.first_row, group.count * group.length)
      .view({group.count, group.length, x_NGE.size(1), x_NGE.size(2)})
      .transpose(1, 2);
}

// Each key-value head serves H / G query heads that follow one another.
at::Tensor repeat_heads(const at::Tensor& x_BGLE, int64_t heads) {
  const int64_t groups = x_BGLE.size(1);
  if (groups == heads) return x_BGLE;
  return x_BGLE.unsqueeze(2)
      .expand({x_BGLE.size(0), groups, heads / groups, x_BGLE.size(2), x_BGLE.size(3)})
      .reshape({x_BGLE.size(0), heads, x_BGLE.size(2), x_BGLE.size(3)});
}

// True where q − window < k ≤ q; rows are queries.
at::Tensor window_mask(int64_t length, int64_t window, const at::Device& device) {
  return at::ones({length, length}, at::TensorOptions().dtype(at::kBool).device(device))
      .tril_()
      .triu_(1 - window);
}

}  // namespace

at::Tensor causal_attention(const at::Tensor& q_NHE, const at::Tensor& k_NGE, const at::Tensor& v_NGE,
                            const PackedBatch& batch, int64_t window, double scale) {
  const int64_t heads = q_NHE.size(1);
  std::vector<at::Tensor> outputs;
  outputs.reserve(batch.groups.size());
  for (const LengthGroup& group : batch.groups) {
    const bool masked = window > 0 && window < group.length;
    const at::Tensor q_BHLE = group_view(q_NHE, group);
    const at::Tensor k_BHLE = repeat_heads(group_view(k_NGE, group), heads);
    const at::Tensor v_BHLE = repeat_heads(group_view(v_NGE, group), heads);
    const auto mask =
        masked ? std::optional<at::Tensor>(window_mask(group.length, window, q_NHE.device())) : std::nullopt;
    const at::Tensor out_BHLE =
        at::scaled_dot_product_attention(q_BHLE, k_BHLE, v_BHLE, mask, 0.0, !masked, scale);
    outputs.push_back(out_BHLE.transpose(1, 2).reshape({group.count * group.length, heads * q_NHE.size(2)}));
  }
  return outputs.size() == 1 ? outputs.front() : at::cat(outputs, 0);
}

at::Tensor cached_attention(const at::Tensor& q_RHE, const at::Tensor& k_RLGE, const at::Tensor& v_RLGE,
                            const std::optional<at::Tensor>& mask_RL, double scale) {
  const int64_t rows = q_RHE.size(0), heads = q_RHE.size(1), groups = k_RLGE.size(2);
  // The H / G query heads of one key-value head stand where a block has its queries: with one query a row that
  // is the same sum, and no key has to be repeated.
  const at::Tensor q_RGQE = q_RHE.reshape({rows, groups, heads / groups, q_RHE.size(2)});
  const auto mask = mask_RL ? std::optional<at::Tensor>(mask_RL->unsqueeze(1).unsqueeze(1)) : std::nullopt;
  const at::Tensor out_RGQE = at::scaled_dot_product_attention(
      q_RGQE, k_RLGE.transpose(1, 2), v_RLGE.transpose(1, 2), mask, 0.0, /*is_causal=*/false, scale);
  return out_RGQE.reshape({rows, heads * q_RHE.size(2)});
}

}  // namespace w2s
