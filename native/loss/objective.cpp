#include "objective.h"

#include "../error.h"
#include "../kernels/kernels.h"
#include "adaptive_confidence.h"
#include "entropy.h"
#include "product.h"
#include "reverse_kl.h"
#include "window.h"

namespace w2s {

bool sees_whole_batch(const Objective& objective) {
  return objective.loss == LossKind::kWindowOfMedian ||
         (objective.loss == LossKind::kConfidence && objective.threshold.sees_whole_batch());
}

LossAndGradient apply_loss(const Objective& objective, const LossRows& rows, const Kernels& kernels) {
  switch (objective.loss) {
    case LossKind::kCrossEntropy:
      return cross_entropy(rows);
    case LossKind::kConfidence:
      return kernels.confidence(rows, objective.alpha, objective.threshold);
    case LossKind::kProduct:
      return product(rows, objective.alpha, objective.beta);
    case LossKind::kReverseKl:
      return reverse_kl(rows);
    case LossKind::kWindow:
      return window(rows, objective.radius);
    case LossKind::kWindowOfMedian:
      return window_of_median(rows);
    case LossKind::kEntropy:
      return entropy(rows, objective.alpha);
    case LossKind::kAdaptiveConfidence:
      return adaptive_confidence(rows, objective.temperature);
    case LossKind::kLanguageModel:
      break;
  }
  fail("ERR_ARGUMENT", "Expected a loss over classes but received that of a language model.");
}

}  // namespace w2s
