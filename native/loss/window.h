// Cross-entropy on the examples that the student is unsure of, max_k f_k < ½ + r, still divided by the whole
// optimizer batch: what it is sure of already, weak labels do not change.
#pragma once

#include "cross_entropy.h"

namespace w2s {

/// Separable over examples.
LossAndGradient window(const LossRows& rows, double radius);
/// The window is half of the batch: examples whose max_k f_k is at most the batch's median. One whole
/// optimizer batch.
LossAndGradient window_of_median(const LossRows& rows);

}  // namespace w2s
