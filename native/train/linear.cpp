#include "linear.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/addmm.h>
#include <ATen/ops/dot.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>
#include <cmath>
#include <deque>
#include <string>

#include "../error.h"

namespace w2s {
namespace {

// 64 MiB of features in double at a time.
constexpr int64_t kChunkElements = 1LL << 23;

// L and its gradient at θ = [W, b] flattened, [K · D + K].
class LinearObjective {
 public:
  explicit LinearObjective(const LinearProblem& problem)
      : problem_(problem),
        rows_(problem.features_ND.size(0)),
        width_(problem.features_ND.size(1)),
        classes_(problem.targets_NK.size(1)) {}

  int64_t rows() const { return rows_; }
  int64_t size() const { return classes_ * (width_ + 1); }
  at::Tensor weight_KD(const at::Tensor& theta) const {
    return theta.narrow(0, 0, classes_ * width_).view({classes_, width_});
  }
  at::Tensor bias_K(const at::Tensor& theta) const { return theta.narrow(0, classes_ * width_, classes_); }

  /// The gradient goes into `d_theta`.
  double whole(const at::Tensor& theta, at::Tensor& d_theta, const CancelToken& cancel) const {
    d_theta.zero_();
    double loss = 0.0;
    const int64_t step = std::max<int64_t>(1, kChunkElements / width_);
    for (int64_t row = 0; row < rows_; row += step) {
      cancel.throw_if_cancelled();
      const int64_t count = std::min(step, rows_ - row);
      loss += add(problem_.features_ND.narrow(0, row, count), problem_.targets_NK.narrow(0, row, count),
                  rows_, theta, d_theta);
    }
    return loss + add_penalty(theta, d_theta);
  }

  /// The gradient of one batch, normalised by its size.
  void batch(const at::Tensor& rows_B, const at::Tensor& theta, at::Tensor& d_theta) const {
    d_theta.zero_();
    add(problem_.features_ND.index_select(0, rows_B), problem_.targets_NK.index_select(0, rows_B),
        rows_B.size(0), theta, d_theta);
    add_penalty(theta, d_theta);
  }

 private:
  double add(const at::Tensor& features, const at::Tensor& targets, int64_t normaliser,
             const at::Tensor& theta, at::Tensor& d_theta) const {
    const at::Tensor x_CD = features.to(at::kDouble);
    const at::Tensor y_CK = targets.to(at::kDouble) / static_cast<double>(normaliser);
    const at::Tensor log_f_CK = at::log_softmax(at::addmm(bias_K(theta), x_CD, weight_KD(theta).t()), 1);
    const at::Tensor d_logits_CK = log_f_CK.exp() * y_CK.sum(1, /*keepdim=*/true) - y_CK;
    weight_KD(d_theta).addmm_(d_logits_CK.t(), x_CD);
    bias_K(d_theta).add_(d_logits_CK.sum(0));
    return -(y_CK * log_f_CK).sum().item<double>();
  }

  double add_penalty(const at::Tensor& theta, at::Tensor& d_theta) const {
    if (problem_.l2 == 0.0) return 0.0;
    const at::Tensor weight = theta.narrow(0, 0, classes_ * width_);
    d_theta.narrow(0, 0, classes_ * width_).add_(weight, problem_.l2);
    return 0.5 * problem_.l2 * at::dot(weight, weight).item<double>();
  }

  const LinearProblem& problem_;
  int64_t rows_, width_, classes_;
};

at::Tensor zeros_double(int64_t size) { return at::zeros({size}, at::kDouble); }

void require_finite(double loss) {
  if (std::isfinite(loss)) return;
  fail("ERR_NOT_FINITE", "The loss of the linear fit is not finite.",
       "Look for features that are not finite, or take smaller steps: --probe-lr 1e-4");
}

int64_t run_adam(const LinearAdam& adam, const LinearObjective& objective, at::Tensor& theta,
                 const CancelToken& cancel) {
  constexpr double kBeta1 = 0.9, kBeta2 = 0.999, kEpsilon = 1e-8;
  at::Tensor gradient = zeros_double(objective.size());
  at::Tensor first = at::zeros_like(gradient), second = at::zeros_like(gradient);
  int64_t steps = 0;
  for (int64_t epoch = 0; epoch < adam.epochs; ++epoch) {
    const auto first_visit = adam.order.begin() + epoch * objective.rows();
    const std::vector<int64_t> visited(first_visit, first_visit + objective.rows());
    const at::Tensor visited_N = at::tensor(visited, at::kLong);
    for (int64_t from = 0; from < objective.rows(); from += adam.batch_size) {
      cancel.throw_if_cancelled();
      const int64_t count = std::min(adam.batch_size, objective.rows() - from);
      objective.batch(visited_N.narrow(0, from, count), theta, gradient);
      ++steps;
      first.mul_(kBeta1).add_(gradient, 1.0 - kBeta1);
      second.mul_(kBeta2).addcmul_(gradient, gradient, 1.0 - kBeta2);
      const double unbiased = std::sqrt(1.0 - std::pow(kBeta2, static_cast<double>(steps)));
      const double rate = adam.lr / (1.0 - std::pow(kBeta1, static_cast<double>(steps)));
      theta.addcdiv_(first, (second.sqrt() / unbiased).add_(kEpsilon), -rate);
    }
  }
  return steps;
}

double dot_product(const at::Tensor& a, const at::Tensor& b) { return at::dot(a, b).item<double>(); }

// The last steps s = θ' − θ and y = g' − g, and the direction −H g that they imply (two-loop recursion;
// Nocedal & Wright 2006, algorithm 7.4).
class LbfgsMemory {
 public:
  void add(at::Tensor s, at::Tensor y) {
    const double curvature = dot_product(s, y);
    if (!(curvature > 0.0)) return;
    if (pairs_.size() == kPairs) pairs_.pop_front();
    pairs_.push_back({std::move(s), std::move(y), curvature});
  }

  at::Tensor direction(const at::Tensor& gradient) const {
    at::Tensor q = gradient.neg();
    std::vector<double> alphas(pairs_.size());
    for (size_t i = pairs_.size(); i-- > 0;) {
      alphas[i] = dot_product(pairs_[i].s, q) / pairs_[i].curvature;
      q.sub_(pairs_[i].y, alphas[i]);
    }
    if (pairs_.empty()) return q.mul_(1.0 / std::max(1.0, gradient.norm().item<double>()));
    const Pair& last = pairs_.back();
    q.mul_(last.curvature / dot_product(last.y, last.y));
    for (size_t i = 0; i < pairs_.size(); ++i) {
      const double beta = dot_product(pairs_[i].y, q) / pairs_[i].curvature;
      q.add_(pairs_[i].s, alphas[i] - beta);
    }
    return q;
  }

 private:
  static constexpr size_t kPairs = 10;
  struct Pair {
    at::Tensor s, y;
    double curvature;
  };
  std::deque<Pair> pairs_;
};

struct Point {
  at::Tensor theta, gradient;
  double loss = 0.0;
};

// A step along `direction` that meets the weak Wolfe conditions, by bisection (Lewis & Overton 2013, algorithm
// 2.6). Nothing where rounding leaves none.
std::optional<Point> line_search(const LinearObjective& objective, const Point& from,
                                 const at::Tensor& direction, const CancelToken& cancel) {
  constexpr double kDecrease = 1e-4, kCurvature = 0.9;
  constexpr int kTries = 60;
  const double slope = dot_product(from.gradient, direction);
  if (!(slope < 0.0)) return std::nullopt;
  double low = 0.0, high = INFINITY, length = 1.0;
  Point point{{}, at::zeros_like(from.gradient)};
  for (int attempt = 0; attempt < kTries; ++attempt) {
    point.theta = from.theta.add(direction, length);
    point.loss = objective.whole(point.theta, point.gradient, cancel);
    if (!(point.loss <= from.loss + kDecrease * length * slope)) {
      high = length;
    } else if (dot_product(point.gradient, direction) < kCurvature * slope) {
      low = length;
    } else {
      return point;
    }
    length = std::isfinite(high) ? 0.5 * (low + high) : 2.0 * low;
  }
  return std::nullopt;
}

int64_t run_lbfgs(const LinearLbfgs& lbfgs, const LinearObjective& objective, at::Tensor& theta,
                  const CancelToken& cancel) {
  Point point{theta, zeros_double(objective.size())};
  point.loss = objective.whole(point.theta, point.gradient, cancel);
  require_finite(point.loss);
  LbfgsMemory memory;
  int64_t iterations = 0;
  while (iterations < lbfgs.max_iterations && point.gradient.abs().max().item<double>() > lbfgs.tolerance) {
    std::optional<Point> next = line_search(objective, point, memory.direction(point.gradient), cancel);
    if (!next) break;
    memory.add(next->theta - point.theta, next->gradient - point.gradient);
    point = std::move(*next);
    ++iterations;
  }
  theta = point.theta;
  return iterations;
}

void check(const LinearProblem& problem) {
  const int64_t rows = problem.features_ND.size(0);
  if (rows < 1 || problem.targets_NK.size(0) != rows) {
    fail("ERR_ARGUMENT", "Expected as many rows of targets as of features for fitLinear but received " +
                             std::to_string(problem.targets_NK.size(0)) + " and " + std::to_string(rows) +
                             ".");
  }
  if (!problem.adam) return;
  const LinearAdam& adam = *problem.adam;
  if (static_cast<int64_t>(adam.order.size()) != adam.epochs * rows) {
    fail("ERR_ARGUMENT", "Expected " + std::to_string(adam.epochs * rows) +
                             " rows in fitLinear's order but received " + std::to_string(adam.order.size()) +
                             ".");
  }
  if (!std::ranges::all_of(adam.order, [rows](uint32_t row) { return row < rows; })) {
    fail("ERR_ARGUMENT", "Expected rows from 0 to " + std::to_string(rows - 1) + " in fitLinear's order.");
  }
}

}  // namespace

LinearFit fit_linear(const LinearProblem& problem, const CancelToken& cancel) {
  const at::NoGradGuard no_grad;
  check(problem);
  const LinearObjective objective(problem);
  at::Tensor theta = zeros_double(objective.size());
  LinearFit fit;
  fit.iterations = problem.adam ? run_adam(*problem.adam, objective, theta, cancel)
                                : run_lbfgs(problem.lbfgs, objective, theta, cancel);
  at::Tensor gradient = at::zeros_like(theta);
  fit.loss = objective.whole(theta, gradient, cancel);
  require_finite(fit.loss);
  fit.weight_KD = objective.weight_KD(theta).to(at::kFloat);
  fit.bias_K = objective.bias_K(theta).to(at::kFloat);
  return fit;
}

}  // namespace w2s
