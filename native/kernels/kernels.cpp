#include "kernels.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>

namespace w2s {

at::Tensor Kernels::empty(at::IntArrayRef shape, const at::TensorOptions& options) const {
  return at::empty(shape, options);
}

LossOnDevice Kernels::confidence(const LossRows& rows, double alpha, const Threshold& threshold) const {
  const LossAndGradient found = w2s::confidence(rows, alpha, threshold);
  return {at::full({}, found.loss, found.d_logits_BK.options()), found.d_logits_BK};
}

}  // namespace w2s
