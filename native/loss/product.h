// Cross-entropy against the product of student and weak label: t ∝ f^β · y^α, through which no gradient
// flows. A product of experts (Hinton 2002) as a target: where the student is sure, the target follows it.
#pragma once

#include "cross_entropy.h"

namespace w2s {

/// Separable over examples. α, β ≥ 0; 0^0 is 1, so β = 0 with α = 1 is `cross_entropy`.
LossAndGradient product(const LossRows& rows, double alpha, double beta);

}  // namespace w2s
