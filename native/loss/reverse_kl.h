// The divergence from weak label to student the other way round: KL(f ‖ y) = Σ_k f_k (log f_k − log y_k), the
// mean over the optimizer batch (reverse KL; Gu et al. 2024, arXiv 2306.08543, for distillation). It seeks a
// mode: the student may leave out what the label thinks possible, but not the other way round.
#pragma once

#include "rows.h"

namespace w2s {

/// A label of 0 would make the loss infinite: labels are mixed with this much of the uniform distribution.
inline constexpr double kLabelFloor = 1e-6;

/// Separable over examples.
LossAndGradient reverse_kl(const LossRows& rows);

}  // namespace w2s
