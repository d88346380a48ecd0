// AdaptConf (Guo et al. 2024, arXiv 2402.03749): the confidence loss with a weight of its own for each
// example,
//
//   (1 − β_i) CE(f_i, y_i) + β_i CE(f_i, f̂_i),   β_i = e^{CE(f_i, f̂_i)/τ} / (e^{CE(f_i, f̂_i)/τ} + e^{CE(f_i,
//   ŷ_i)/τ}),
//
// f̂ and ŷ the hardened student and label, through which, as through β, no gradient flows. CE(f, f̂) is the
// smallest of all, so β ≤ ½: ½ where student and label agree, less the surer the student is of another class.
#pragma once

#include "cross_entropy.h"

namespace w2s {

/// Separable over examples. `temperature` is τ > 0; the paper's equation has 1, its released code leaves it
/// open. Equal largest probabilities share the hard label.
LossAndGradient adaptive_confidence(const LossRows& rows, double temperature);

}  // namespace w2s
