// Multinomial logistic regression on given features: a linear probe. Minimises
//
//   L(W, b) = −(1/N) Σ_i Σ_k y_ik log softmax(W x_i + b)_k + (λ/2) ‖W‖²
//
// from zeros, W [K, D], b [K]; the bias is not penalised. Features are kept in float32, all arithmetic is in
// double. For two classes this is binary logistic regression of w = W₁ − W₀ with λ/2 in place of λ.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "../cancel.h"

namespace w2s {

/// Adam (Kingma & Ba 2015; β 0.9 and 0.999, ε 1e-8) over batches in a given order.
struct LinearAdam {
  double lr = 1e-3;
  int64_t epochs = 0;
  int64_t batch_size = 0;
  /// Rows as they are visited, `epochs` times N of them; the last batch of an epoch may be smaller. A batch's
  /// cross-entropy is divided by its own size.
  std::vector<uint32_t> order;
};

/// Limited-memory BFGS (Liu & Nocedal 1989) over all rows.
struct LinearLbfgs {
  int64_t max_iterations = 0;
  /// Done where no entry of the gradient is larger.
  double tolerance = 0.0;
};

struct LinearProblem {
  at::Tensor features_ND;  // float32
  at::Tensor targets_NK;   // float32; a row sums to its example's weight, 1 unless weighted
  double l2 = 0.0;         // λ
  std::optional<LinearAdam> adam;
  LinearLbfgs lbfgs;  // without `adam`
};

struct LinearFit {
  at::Tensor weight_KD;  // float32
  at::Tensor bias_K;     // float32
  double loss = 0.0;     // L at the end
  /// Optimizer steps of Adam, iterations of L-BFGS.
  int64_t iterations = 0;
};

/// Errors: ERR_ARGUMENT for shapes that do not fit or an order that leaves the rows; ERR_NOT_FINITE where L is
/// not, from features that are not or a learning rate that is too high.
LinearFit fit_linear(const LinearProblem& problem, const CancelToken& cancel);

}  // namespace w2s
