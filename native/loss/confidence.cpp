#include "confidence.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/zeros_like.h>

namespace w2s {
namespace {

// Positive where label 1 is the hardened prediction. By the logit difference, which keeps order where
// saturated probabilities would tie.
at::Tensor positive_half(const at::Tensor& logits_B2) {
  const at::Tensor margin_B = logits_B2.select(1, 1) - logits_B2.select(1, 0);
  const at::Tensor order_B = std::get<1>(margin_B.sort(/*stable=*/true, /*dim=*/0, /*descending=*/true));
  at::Tensor positive_B = at::zeros_like(margin_B);
  positive_B.index_fill_(0, order_B.narrow(0, 0, margin_B.size(0) / 2), 1.0);
  return positive_B;
}

at::Tensor positive_below_quantile(const LossRows& rows) {
  const at::Tensor zero_B = log_f(rows).select(1, 0).exp();
  const at::Tensor targets_B2 = rows.targets_BK.to(at::kDouble);
  const at::Tensor weight = targets_B2.sum();
  const at::Tensor share = (targets_B2.select(1, 1).sum() / weight).masked_fill(weight.eq(0.0), 0.5);
  const at::Tensor sorted_B = std::get<0>(zero_B.sort(/*stable=*/true, /*dim=*/0, /*descending=*/false));
  const at::Tensor rank_1 = (share.clamp(0.0, 1.0) * static_cast<double>(sorted_B.size(0) - 1)).unsqueeze(0);
  const at::Tensor low_1 = sorted_B.gather(0, rank_1.floor().to(at::kLong));
  const at::Tensor high_1 = sorted_B.gather(0, rank_1.ceil().to(at::kLong));
  const at::Tensor threshold_1 = low_1 + (high_1 - low_1) * (rank_1 - rank_1.floor());
  return zero_B.lt(threshold_1).to(at::kDouble);
}

at::Tensor positives(const LossRows& rows, const Threshold& threshold) {
  switch (threshold.rule) {
    case Threshold::Rule::kHalf:
      return positive_half(rows.logits_BK.to(at::kDouble));
    case Threshold::Rule::kWeakMean:
      return positive_below_quantile(rows);
    case Threshold::Rule::kValue:
      break;
  }
  return log_f(rows).select(1, 1).exp().ge(threshold.value).to(at::kDouble);
}

}  // namespace

at::Tensor harden(const LossRows& rows, const Threshold& threshold) {
  const at::NoGradGuard no_grad;
  const at::Tensor positive_B = positives(rows, threshold);
  return at::stack({1.0 - positive_B, positive_B}, 1);
}

LossAndGradient confidence(const LossRows& rows, double alpha, const Threshold& threshold) {
  const at::NoGradGuard no_grad;
  const at::Tensor hard_B2 = weights(rows) * harden(rows, threshold);
  return cross_entropy(rows.with_targets((1.0 - alpha) * rows.targets_BK.to(at::kDouble) + alpha * hard_B2));
}

}  // namespace w2s
