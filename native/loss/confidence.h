// The auxiliary confidence loss (Burns et al. 2023, appendix A.4): (1 − α) CE(f, y) + α CE(f, h), h the
// student's own hardened prediction, through which no gradient flows.
#pragma once

#include "cross_entropy.h"

namespace w2s {

/// How predictions are hardened.
struct Threshold {
  enum class Rule {
    /// The ⌊B/2⌋ examples with the highest probability of label 1 are positive; ties: lower index first.
    kHalf,
    /// Label 0 where P(label 0) ≥ t, t the linear-interpolation quantile of P(label 0) at the mean weak
    /// P(label 1).
    kWeakMean,
    /// Label 1 where P(label 1) ≥ `value`.
    kValue,
  };
  Rule rule = Rule::kHalf;
  double value = 0.5;

  /// Whether it is found from the whole optimizer batch.
  bool sees_whole_batch() const { return rule != Rule::kValue; }
};

/// Hardened predictions [B, 2] of exactly two classes, one-hot.
at::Tensor harden(const LossRows& rows, const Threshold& threshold);

/// One whole optimizer batch, unless the threshold is a value. α = 0 gives exactly `cross_entropy`. The reference, in
/// ATen on any device; what training calls is `Kernels::confidence`.
LossAndGradient confidence(const LossRows& rows, double alpha, const Threshold& threshold);

/// The same on the CPU in one pass over the batch.
LossAndGradient fused_confidence(const LossRows& rows, double alpha, const Threshold& threshold);

}  // namespace w2s
