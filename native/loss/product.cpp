#include "product.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/softmax.h>

namespace w2s {

LossAndGradient product(const LossRows& rows, double alpha, double beta) {
  const at::NoGradGuard no_grad;
  at::Tensor log_product_BK = beta * log_f(rows);
  // 0 · log 0 would be NaN, where y^0 is 1.
  if (alpha != 0.0) log_product_BK = log_product_BK + alpha * weak_labels(rows).log();
  // A row of weight 0 has no class at all: softmax gives NaN, and its weight makes it nothing.
  const at::Tensor target_BK = at::softmax(log_product_BK, 1);
  return cross_entropy(
      rows.with_targets(weights(rows) * target_BK.masked_fill(target_BK.ne(target_BK), 0.0)));
}

}  // namespace w2s
