#include "reverse_kl.h"

#include <ATen/core/grad_mode.h>

namespace w2s {

LossAndGradient reverse_kl(const LossRows& rows) {
  const at::NoGradGuard no_grad;
  const auto classes = static_cast<double>(rows.logits_BK.size(1));
  const at::Tensor log_f_BK = log_f(rows);
  const at::Tensor f_BK = log_f_BK.exp();
  const at::Tensor label_BK = (1.0 - kLabelFloor) * weak_labels(rows) + kLabelFloor / classes;
  const at::Tensor ratio_BK = log_f_BK - label_BK.log();
  const at::Tensor kl_B1 = (f_BK * ratio_BK).sum(1, /*keepdim=*/true);
  const at::Tensor scale_B1 = weights(rows) / static_cast<double>(rows.batch_size);
  return {(scale_B1 * kl_B1).sum(), scale_B1 * f_BK * (ratio_BK - kl_B1)};
}

}  // namespace w2s
