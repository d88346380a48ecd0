// What every classification loss sees: rows of logits and targets of one optimizer batch. [B, K] is tiny, so
// all of it is computed in double, which keeps saturated logits exact.
//
// Notation, after Burns et al. 2023: f the student's probabilities, y (f_w in the paper) the weak labels.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace w2s {

/// Some or all examples of an optimizer batch of `batch_size`.
struct LossRows {
  at::Tensor logits_BK;
  /// Each row is its example's label times its weight: a plain label sums to 1.
  at::Tensor targets_BK;
  int64_t batch_size = 0;
  /// The logits are log-probabilities among more than these K: cross-entropy takes them as they are, and does
  /// not renormalise over K. All else that a loss looks at is softmax(logits).
  bool log_probabilities = false;

  LossRows with_targets(at::Tensor targets) const {
    return {logits_BK, std::move(targets), batch_size, log_probabilities};
  }
};

/// On the logits' device, which no loss waits for: nothing here may read a value on the host.
struct LossAndGradient {
  at::Tensor loss;         // float64, no dimensions
  at::Tensor d_logits_BK;  // float64
};

/// log f = log softmax(logits) [B, K], float64.
at::Tensor log_f(const LossRows& rows);
/// The examples' weights [B, 1], float64: sums of the targets' rows.
at::Tensor weights(const LossRows& rows);
/// y [B, K], float64: the targets without their weights. A row of weight 0 stays zero.
at::Tensor weak_labels(const LossRows& rows);
/// 1 at the largest value of each row, 0 elsewhere; equal largest values share it [B, K], float64. (A fresh
/// head makes all classes equal: to call that class 0 would teach class 0.)
at::Tensor hard_labels(const at::Tensor& values_BK);

}  // namespace w2s
