#include "examples.h"

#include <ATen/ops/zeros.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <unordered_set>

#include "../error.h"

namespace w2s {
namespace {

// K of the objective's examples.
int64_t checked_classes(const Objective& objective, const Head& head, int64_t sequences) {
  if (objective.group > 1 && !head.scores_sequences()) {
    fail("ERR_ARGUMENT", "Expected a scalar or likelihood head for examples of " +
                             std::to_string(objective.group) + " sequences.");
  }
  if (sequences % objective.group != 0) {
    fail("ERR_ARGUMENT", "Expected a multiple of " + std::to_string(objective.group) +
                             " sequences for examples of so many but received " + std::to_string(sequences) +
                             ".");
  }
  const int64_t classes = objective.group > 1 ? objective.group : head.outputs();
  if (classes < 2)
    fail("ERR_ARGUMENT", "Expected a head with at least two logits for a classification loss.");
  if (objective.loss == LossKind::kConfidence && classes != 2) {
    fail("ERR_ARGUMENT",
         "Expected exactly 2 classes for the confidence loss but received " + std::to_string(classes) + ".",
         "Train with cross-entropy: --loss xent");
  }
  return classes;
}

}  // namespace

std::array<int64_t, 2> checked_shape(const Objective& objective, const Head& head, int64_t sequences) {
  const int64_t classes = checked_classes(objective, head, sequences);
  const int64_t examples = sequences / objective.group;
  if (static_cast<int64_t>(objective.targets_BK.size()) != examples * classes) {
    fail("ERR_ARGUMENT", "Expected " + std::to_string(examples * classes) +
                             " targets for this batch but received " +
                             std::to_string(objective.targets_BK.size()) + ".");
  }
  const auto is_target = [](float target) { return std::isfinite(target) && target >= 0.0F; };
  if (!std::ranges::all_of(objective.targets_BK, is_target)) {
    fail("ERR_ARGUMENT", "Expected finite targets of at least 0 for this batch but received others.");
  }
  return {examples, classes};
}

std::vector<int64_t> examples_of(const std::vector<int64_t>& sequences, int64_t group) {
  std::vector<int64_t> examples;
  std::unordered_set<int64_t> seen;
  for (const int64_t sequence : sequences) {
    if (seen.insert(sequence / group).second) examples.push_back(sequence / group);
  }
  return examples;
}

at::Tensor example_logits(const at::Tensor& scores_SK, int64_t group) {
  return group == 1 ? scores_SK : scores_SK.select(1, -1).reshape({-1, group});
}

at::Tensor score_gradients(const at::Tensor& d_logits_BK, int64_t group, int64_t outputs) {
  if (group == 1) return d_logits_BK;
  at::Tensor d_scores_SK = at::zeros({d_logits_BK.numel(), outputs}, d_logits_BK.options());
  d_scores_SK.select(1, -1).copy_(d_logits_BK.reshape({-1}));
  return d_scores_SK;
}

}  // namespace w2s
