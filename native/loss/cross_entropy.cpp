#include "cross_entropy.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/log_softmax.h>

namespace w2s {

LossAndGradient cross_entropy(const at::Tensor& logits_BK, const at::Tensor& targets_BK, int64_t batch_size) {
  const at::NoGradGuard no_grad;
  // [B, K] is tiny: double costs nothing and keeps saturated logits exact.
  const at::Tensor log_f_BK = at::log_softmax(logits_BK.to(at::kDouble), 1);
  const at::Tensor targets = targets_BK.to(at::kDouble);
  const double loss = -(targets * log_f_BK).sum().item<double>() / static_cast<double>(batch_size);
  const at::Tensor d_logits =
      (log_f_BK.exp() * targets.sum(1, /*keepdim=*/true) - targets) / static_cast<double>(batch_size);
  return {loss, d_logits.to(at::kFloat)};
}

}  // namespace w2s
