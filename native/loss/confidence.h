// The auxiliary confidence loss (Burns et al. 2023, appendix A.4): (1 − α) CE(f, f_w) + α CE(f, h), h the
// student's own hardened prediction, through which no gradient flows.
#pragma once

#include <ATen/core/Tensor.h>

#include "cross_entropy.h"

namespace w2s {

/// How predictions are hardened over the whole optimizer batch.
enum class Threshold {
  /// The ⌊B/2⌋ examples with the highest probability of label 1 are positive; ties: lower index first.
  kHalf,
  /// Label 0 where P(label 0) ≥ t, t the linear-interpolation quantile of P(label 0) at the mean weak P(label
  /// 1).
  kWeakMean,
};

/// Hardened predictions [B, 2] of exactly two classes, one-hot.
at::Tensor harden(const at::Tensor& logits_B2, const at::Tensor& targets_B2, Threshold threshold);

/// One whole optimizer batch. α = 0 gives exactly `cross_entropy`.
LossAndGradient confidence(const at::Tensor& logits_B2, const at::Tensor& targets_B2, double alpha,
                           Threshold threshold);

}  // namespace w2s
