#include "entropy.h"

#include <ATen/core/grad_mode.h>

namespace w2s {

LossAndGradient entropy(const LossRows& rows, double alpha) {
  const at::NoGradGuard no_grad;
  const LossAndGradient plain = cross_entropy(rows);
  const at::Tensor log_f_BK = log_f(rows);
  const at::Tensor f_BK = log_f_BK.exp();
  const at::Tensor entropy_B1 = -(f_BK * log_f_BK).sum(1, /*keepdim=*/true);
  const at::Tensor scale_B1 = weights(rows) / static_cast<double>(rows.batch_size);
  // dH/dz_k = −f_k (log f_k + H)
  const at::Tensor d_entropy_BK = -scale_B1 * f_BK * (log_f_BK + entropy_B1);
  return {(1.0 - alpha) * plain.loss + alpha * (scale_B1 * entropy_B1).sum(),
          (1.0 - alpha) * plain.d_logits_BK + alpha * d_entropy_BK};
}

}  // namespace w2s
