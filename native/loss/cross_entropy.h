// Cross-entropy on soft labels: −Σ_k f_w,k log f_k, the mean over the optimizer batch (Burns et al. 2023,
// section 3).
#pragma once

#include <ATen/core/Tensor.h>

namespace w2s {

struct LossAndGradient {
  double loss = 0.0;
  at::Tensor d_logits_BK;  // float32
};

/// logits_BK and targets_BK (rows that sum to 1) of some examples of an optimizer batch of `batch_size`.
LossAndGradient cross_entropy(const at::Tensor& logits_BK, const at::Tensor& targets_BK, int64_t batch_size);

}  // namespace w2s
