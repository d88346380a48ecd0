#include "kernels.h"

#include <ATen/ops/empty.h>

namespace w2s {

at::Tensor Kernels::empty(at::IntArrayRef shape, const at::TensorOptions& options) const {
  return at::empty(shape, options);
}

bool Kernels::records_attention(const AttentionCall&, const at::Tensor&) const { return false; }

LossAndGradient Kernels::confidence(const LossRows& rows, double alpha, const Threshold& threshold) const {
  return w2s::confidence(rows, alpha, threshold);
}

}  // namespace w2s
