#include "cross_entropy.h"

#include <ATen/core/grad_mode.h>

namespace w2s {

LossAndGradient cross_entropy(const LossRows& rows) {
  const at::NoGradGuard no_grad;
  const auto batch_size = static_cast<double>(rows.batch_size);
  const at::Tensor targets = rows.targets_BK.to(at::kDouble);
  const at::Tensor log_f_BK = rows.log_probabilities ? rows.logits_BK.to(at::kDouble) : log_f(rows);
  const at::Tensor loss = -(targets * log_f_BK).sum() / batch_size;
  if (rows.log_probabilities) return {loss, -targets / batch_size};
  return {loss, (log_f_BK.exp() * targets.sum(1, /*keepdim=*/true) - targets) / batch_size};
}

}  // namespace w2s
