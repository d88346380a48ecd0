#include "adaptive_confidence.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/sigmoid.h>

namespace w2s {

LossAndGradient adaptive_confidence(const LossRows& rows, double temperature) {
  const at::NoGradGuard no_grad;
  const at::Tensor log_f_BK = log_f(rows);
  const at::Tensor student_BK = hard_labels(log_f_BK);
  const at::Tensor weak_BK = hard_labels(rows.targets_BK.to(at::kDouble));
  // CE(f, f̂) − CE(f, ŷ): the two exponentials' ratio without either of them.
  const at::Tensor difference_B1 = ((weak_BK - student_BK) * log_f_BK).sum(1, /*keepdim=*/true);
  const at::Tensor beta_B1 = at::sigmoid(difference_B1 / temperature);
  return cross_entropy(rows.with_targets((1.0 - beta_B1) * rows.targets_BK.to(at::kDouble) +
                                         beta_B1 * weights(rows) * student_BK));
}

}  // namespace w2s
