// The confidence loss of one optimizer batch on the CPU: the threshold, then loss and gradient in one pass, all in
// double. confidence.cpp says the same in ATen, and a test compares both.
#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "confidence.h"

namespace w2s {
namespace {

// One example. `zero` and `one`: log f.
struct Example {
  double logit_zero, logit_one;
  double zero, one;
};

std::vector<Example> read_examples(const at::Tensor& logits_B2) {
  std::vector<Example> examples(logits_B2.size(0));
  const double* logits = logits_B2.const_data_ptr<double>();
  for (Example& example : examples) {
    const double a = *logits++, b = *logits++;
    const double most = std::max(a, b);
    const double log_sum = std::log(std::exp(a - most) + std::exp(b - most));
    example = {a, b, a - most - log_sum, b - most - log_sum};
  }
  return examples;
}

// The ⌊B/2⌋ largest margins; ties: lower index first. What is not a number counts as largest, as in ATen's sort.
std::vector<char> positive_half(const std::vector<Example>& examples) {
  std::vector<double> margins(examples.size());
  std::ranges::transform(examples, margins.begin(),
                         [](const Example& e) { return e.logit_one - e.logit_zero; });
  std::vector<size_t> order(examples.size());
  std::iota(order.begin(), order.end(), 0);
  const auto before = [&](size_t i, size_t j) {
    const double a = margins[i], b = margins[j];
    if (a > b || (std::isnan(a) && !std::isnan(b))) return true;
    if (a < b || (std::isnan(b) && !std::isnan(a))) return false;
    return i < j;
  };
  const auto middle = order.begin() + static_cast<std::ptrdiff_t>(order.size() / 2);
  std::nth_element(order.begin(), middle, order.end(), before);
  std::vector<char> positive(examples.size(), 0);
  std::for_each(order.begin(), middle, [&](size_t i) { positive[i] = 1; });
  return positive;
}

// Below the linear-interpolation quantile of P(label 0) at the mean weak P(label 1).
std::vector<char> positive_below_quantile(const std::vector<Example>& examples, const double* targets_B2) {
  double weight = 0.0, weight_of_one = 0.0;
  for (size_t i = 0; i < examples.size(); ++i) {
    weight += targets_B2[2 * i] + targets_B2[2 * i + 1];
    weight_of_one += targets_B2[2 * i + 1];
  }
  const double share = weight == 0.0 ? 0.5 : weight_of_one / weight;
  std::vector<double> zeros(examples.size());
  std::ranges::transform(examples, zeros.begin(), [](const Example& e) { return std::exp(e.zero); });
  std::vector<double> sorted = zeros;
  // Not a number: last, as in ATen's sort.
  std::ranges::sort(sorted, [](double a, double b) { return a < b || (std::isnan(b) && !std::isnan(a)); });
  const double rank = std::clamp(share, 0.0, 1.0) * static_cast<double>(sorted.size() - 1);
  const double low = sorted[static_cast<size_t>(std::floor(rank))];
  const double high = sorted[static_cast<size_t>(std::ceil(rank))];
  const double threshold = low + (high - low) * (rank - std::floor(rank));
  std::vector<char> positive(examples.size());
  std::ranges::transform(zeros, positive.begin(), [&](double zero) { return zero < threshold; });
  return positive;
}

std::vector<char> positives(const std::vector<Example>& examples, const double* targets_B2,
                            const Threshold& threshold) {
  if (threshold.rule == Threshold::Rule::kHalf) return positive_half(examples);
  if (threshold.rule == Threshold::Rule::kWeakMean) return positive_below_quantile(examples, targets_B2);
  std::vector<char> positive(examples.size());
  std::ranges::transform(examples, positive.begin(),
                         [&](const Example& e) { return std::exp(e.one) >= threshold.value; });
  return positive;
}

}  // namespace

LossAndGradient fused_confidence(const LossRows& rows, double alpha, const Threshold& threshold) {
  if (alpha == 0.0 || rows.logits_BK.size(0) == 0) return cross_entropy(rows);
  const at::Tensor logits_B2 = rows.logits_BK.to(at::kDouble).contiguous();
  const at::Tensor targets_B2 = rows.targets_BK.to(at::kDouble).contiguous();
  const std::vector<Example> examples = read_examples(logits_B2);
  const double* targets = targets_B2.const_data_ptr<double>();
  const std::vector<char> positive = positives(examples, targets, threshold);

  const auto batch_size = static_cast<double>(rows.batch_size);
  at::Tensor d_logits_B2 = at::empty(logits_B2.sizes(), logits_B2.options());
  double* d_logits = d_logits_B2.mutable_data_ptr<double>();
  double loss = 0.0;
  for (size_t i = 0; i < examples.size(); ++i) {
    const Example& example = examples[i];
    const double weight = targets[2 * i] + targets[2 * i + 1];
    const double zero = (1.0 - alpha) * targets[2 * i] + (positive[i] ? 0.0 : alpha * weight);
    const double one = (1.0 - alpha) * targets[2 * i + 1] + (positive[i] ? alpha * weight : 0.0);
    const double log_zero = rows.log_probabilities ? example.logit_zero : example.zero;
    const double log_one = rows.log_probabilities ? example.logit_one : example.one;
    loss -= zero * log_zero + one * log_one;
    // d loss / d logits; where log-probabilities came in, by those as they are.
    const double spread = rows.log_probabilities ? 0.0 : zero + one;
    d_logits[2 * i] = (std::exp(example.zero) * spread - zero) / batch_size;
    d_logits[2 * i + 1] = (std::exp(example.one) * spread - one) / batch_size;
  }
  return {at::full({}, loss / batch_size, logits_B2.options()), d_logits_B2};
}

}  // namespace w2s
