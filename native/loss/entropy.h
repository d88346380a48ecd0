// Cross-entropy with the student's own entropy as a regulariser: (1 − α) CE(f, y) + α H(f), with the gradient
// through H (entropy minimisation; Grandvalet and Bengio 2004). It asks for sure answers without saying which.
#pragma once

#include "cross_entropy.h"

namespace w2s {

/// Separable over examples. α = 0 gives exactly `cross_entropy`.
LossAndGradient entropy(const LossRows& rows, double alpha);

}  // namespace w2s
