// The objective of one optimizer batch: which loss, its parameters, and how logits become examples.
#pragma once

#include <vector>

#include "confidence.h"

namespace w2s {

class Kernels;

enum class LossKind {
  kCrossEntropy,
  kConfidence,
  kProduct,
  kReverseKl,
  kWindow,
  kWindowOfMedian,
  kEntropy,
  kAdaptiveConfidence,
  kLanguageModel,
};

struct Objective {
  LossKind loss = LossKind::kCrossEntropy;
  std::vector<float> targets_BK;  // empty for a language model
  /// So many consecutive sequences form one example, whose logits are their scores; 1: a sequence is one.
  int64_t group = 1;
  double alpha = 0.0;        // confidence, entropy: this step's; product: the exponent of y
  double beta = 0.0;         // product: the exponent of f
  double radius = 0.0;       // window
  double temperature = 1.0;  // adaptive confidence
  Threshold threshold;       // confidence
};

/// Whether it has to see all logits of an optimizer batch before any gradient.
bool sees_whole_batch(const Objective& objective);

/// The loss of these rows: the whole batch where `sees_whole_batch`, else any part of it. Not for a language
/// model. `kernels` of the rows' device.
LossAndGradient apply_loss(const Objective& objective, const LossRows& rows, const Kernels& kernels);

}  // namespace w2s
