#include "window.h"

#include <ATen/core/grad_mode.h>

namespace w2s {
namespace {

at::Tensor surest_class(const LossRows& rows) { return log_f(rows).exp().amax(1, /*keepdim=*/true); }

// A target of zeros has neither loss nor gradient.
LossAndGradient inside(const LossRows& rows, const at::Tensor& unsure_B1) {
  return cross_entropy(rows.with_targets(rows.targets_BK.to(at::kDouble) * unsure_B1.to(at::kDouble)));
}

}  // namespace

LossAndGradient window(const LossRows& rows, double radius) {
  const at::NoGradGuard no_grad;
  return inside(rows, surest_class(rows).lt(0.5 + radius));
}

LossAndGradient window_of_median(const LossRows& rows) {
  const at::NoGradGuard no_grad;
  const at::Tensor surest_B1 = surest_class(rows);
  // Of an even number the lower of the two in the middle: half of the examples are at or below it.
  const at::Tensor sorted_B = std::get<0>(surest_B1.flatten().sort());
  return inside(rows, surest_B1.le(sorted_B[(sorted_B.size(0) - 1) / 2]));
}

}  // namespace w2s
