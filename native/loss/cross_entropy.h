// Cross-entropy on soft labels: −Σ_k y_k log f_k, the mean over the optimizer batch (Burns et al. 2023,
// section 3).
#pragma once

#include "rows.h"

namespace w2s {

/// Separable over examples: the parts of an optimizer batch add up to the whole.
LossAndGradient cross_entropy(const LossRows& rows);

}  // namespace w2s
