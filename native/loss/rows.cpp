#include "rows.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/log_softmax.h>

namespace w2s {

at::Tensor log_f(const LossRows& rows) {
  const at::NoGradGuard no_grad;
  return at::log_softmax(rows.logits_BK.to(at::kDouble), 1);
}

at::Tensor weights(const LossRows& rows) {
  const at::NoGradGuard no_grad;
  return rows.targets_BK.to(at::kDouble).sum(1, /*keepdim=*/true);
}

at::Tensor weak_labels(const LossRows& rows) {
  const at::NoGradGuard no_grad;
  const at::Tensor weight_B1 = weights(rows);
  const at::Tensor divisor_B1 = weight_B1.masked_fill(weight_B1.eq(0), 1.0);
  return rows.targets_BK.to(at::kDouble) / divisor_B1;
}

at::Tensor hard_labels(const at::Tensor& values_BK) {
  const at::NoGradGuard no_grad;
  const at::Tensor largest_BK = values_BK.eq(values_BK.amax(1, /*keepdim=*/true)).to(at::kDouble);
  return largest_BK / largest_BK.sum(1, /*keepdim=*/true);
}

}  // namespace w2s
