#include "trainer.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>
#include <cmath>
#include <unordered_set>

#include "../error.h"
#include "../nn/micro_batches.h"

namespace w2s {
namespace {

at::Tensor index_tensor(const std::vector<int64_t>& indices) { return at::tensor(indices, at::kLong); }

// The examples of a micro-batch's sequences, in the order in which they first appear.
std::vector<int64_t> examples_of(const std::vector<int64_t>& sequences, int64_t group) {
  if (group == 1) return sequences;
  std::vector<int64_t> examples;
  std::unordered_set<int64_t> seen;
  for (const int64_t sequence : sequences) {
    if (seen.insert(sequence / group).second) examples.push_back(sequence / group);
  }
  return examples;
}

}  // namespace

Trainer::Trainer(std::shared_ptr<Model> model, const TrainerOptions& options)
    : model_(std::move(model)),
      options_(options),
      optimizer_(make_optimizer(options.optimizer, options.weight_decay, model_->parameters())),
      gradients_(model_->parameters()) {}

bool Trainer::shares_prefixes() const { return options_.share_prefixes && model_->takes_shared_prefixes(); }

std::vector<std::vector<int64_t>> Trainer::plan(const Sequences& sequences, int64_t group) const {
  return plan_micro_batches(sequences, options_.micro_batch_tokens, group, shares_prefixes());
}

PackedBatch Trainer::packed(const Sequences& sequences, const std::vector<int64_t>& indices) const {
  const PackOptions options{.reading = model_->reading(),
                            .share_prefixes = shares_prefixes(),
                            .round_rows_to = model_->row_multiple()};
  return pack(sequences, indices, options, model_->device());
}

at::Tensor Trainer::forward(Sequences sequences, CancelToken& cancel) {
  check_sequences(sequences, model_->config().vocabulary_size, model_->config().context_length);
  pending_.reset();
  Pending pending;
  pending.micro_batches = plan(sequences);
  at::Tensor logits_BK = at::empty({sequences.count(), model_->head().outputs()}, at::kFloat);
  const bool keep_pass = pending.micro_batches.size() == 1;
  for (const auto& indices : pending.micro_batches) {
    cancel.throw_if_cancelled();
    PackedBatch batch = packed(sequences, indices);
    ForwardPass pass = model_->forward(batch, keep_pass ? Purpose::kTraining : Purpose::kScoring);
    logits_BK.index_copy_(0, index_tensor(indices), pass.logits_BK.detach().to(at::kCPU));
    if (keep_pass) pending.kept.emplace(std::move(batch), std::move(pass));
  }
  pending.sequences = std::move(sequences);
  pending_ = std::move(pending);
  return logits_BK;
}

// Half a batch's gradient is worse than none: whatever ends a batch early clears them.
template <class Body>
auto Trainer::all_or_nothing(const Body& body) {
  try {
    return body();
  } catch (...) {
    gradients_.clear();
    throw;
  }
}

void Trainer::backward(const at::Tensor& d_logits_BK, CancelToken& cancel) {
  if (!pending_) fail("ERR_ARGUMENT", "Expected a forward pass before backward, and one backward for each.");
  const int64_t rows = pending_->sequences.count(), columns = model_->head().outputs();
  if (d_logits_BK.size(0) != rows || d_logits_BK.size(1) != columns) {
    fail("ERR_ARGUMENT", "Expected " + std::to_string(rows) + " rows of " + std::to_string(columns) +
                             " gradients for the last forward pass but received " +
                             std::to_string(d_logits_BK.size(0)) + " rows of " +
                             std::to_string(d_logits_BK.size(1)) + ".");
  }
  const Pending pending = std::move(*pending_);
  pending_.reset();
  all_or_nothing([&] {
    if (pending.kept) {
      const auto& [batch, pass] = *pending.kept;
      model_->backward(batch, pass, d_logits_BK.index_select(0, index_tensor(batch.indices_B)), gradients_);
      return;
    }
    for (const auto& indices : pending.micro_batches) {
      cancel.throw_if_cancelled();
      const PackedBatch batch = packed(pending.sequences, indices);
      model_->backward(batch, model_->forward(batch, Purpose::kTraining),
                       d_logits_BK.index_select(0, index_tensor(indices)), gradients_);
    }
  });
}

BatchLoss Trainer::forward_backward(Sequences sequences, const Objective& objective, CancelToken& cancel) {
  check_sequences(sequences, model_->config().vocabulary_size, model_->config().context_length);
  pending_.reset();
  return all_or_nothing([&] {
    if (objective.loss == LossKind::kLanguageModel) return language_model_batch(sequences, cancel);
    if (sees_whole_batch(objective)) return whole_batch(std::move(sequences), objective, cancel);
    return separable_batch(sequences, objective, cancel);
  });
}

// K of the objective's examples.
int64_t Trainer::checked_classes(const Objective& objective, int64_t sequences) const {
  const Head& head = model_->head();
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

at::Tensor Trainer::checked_targets(const Objective& objective, int64_t sequences) const {
  const int64_t classes = checked_classes(objective, sequences);
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
  return at::tensor(objective.targets_BK, at::kFloat).view({examples, classes});
}

// Of S sequences' scores, the logits of their examples: with groups each sequence gives one, its last (the
// only one of a scalar head, z of a likelihood's [0, z]).
at::Tensor Trainer::example_logits(const at::Tensor& scores_SK, int64_t group) const {
  return group == 1 ? scores_SK : scores_SK.select(1, -1).reshape({-1, group});
}

at::Tensor Trainer::score_gradients(const at::Tensor& d_logits_BK, int64_t group) const {
  if (group == 1) return d_logits_BK;
  at::Tensor d_scores_SK = at::zeros({d_logits_BK.numel(), model_->head().outputs()}, d_logits_BK.options());
  d_scores_SK.select(1, -1).copy_(d_logits_BK.reshape({-1}));
  return d_scores_SK;
}

// The loss is a sum over examples, so one pass over the micro-batches suffices.
BatchLoss Trainer::separable_batch(const Sequences& sequences, const Objective& objective,
                                   CancelToken& cancel) {
  const at::Tensor targets_BK = checked_targets(objective, sequences.count());
  BatchLoss result{0.0, at::zeros({sequences.count(), model_->head().outputs()}, at::kFloat)};
  at::Tensor d_logits_BK = at::zeros_like(targets_BK);
  for (const auto& indices : plan(sequences, objective.group)) {
    cancel.throw_if_cancelled();
    const at::Tensor rows = index_tensor(indices);
    const at::Tensor examples = index_tensor(examples_of(indices, objective.group));
    const PackedBatch batch = packed(sequences, indices);
    const ForwardPass pass = model_->forward(batch, Purpose::kTraining);
    result.logits_BK.index_copy_(0, rows, pass.logits_BK.detach().to(at::kCPU));
    const at::Tensor logits_BK = example_logits(result.logits_BK, objective.group);
    const LossAndGradient part =
        apply_loss(objective, {logits_BK.index_select(0, examples), targets_BK.index_select(0, examples),
                               targets_BK.size(0), model_->head().gives_log_probabilities()});
    d_logits_BK.index_copy_(0, examples, part.d_logits_BK.to(at::kFloat));
    model_->backward(batch, pass, score_gradients(d_logits_BK, objective.group).index_select(0, rows),
                     gradients_);
    result.loss += part.loss;
  }
  return result;
}

// The loss looks across the optimizer batch: all logits first, then all gradients.
BatchLoss Trainer::whole_batch(Sequences sequences, const Objective& objective, CancelToken& cancel) {
  const at::Tensor targets_BK = checked_targets(objective, sequences.count());
  const at::Tensor logits_BK = forward(std::move(sequences), cancel);
  const LossAndGradient whole =
      apply_loss(objective, {example_logits(logits_BK, objective.group), targets_BK, targets_BK.size(0),
                             model_->head().gives_log_probabilities()});
  backward(score_gradients(whole.d_logits_BK.to(at::kFloat), objective.group), cancel);
  return {whole.loss, logits_BK};
}

BatchLoss Trainer::language_model_batch(const Sequences& sequences, CancelToken& cancel) {
  int64_t targets = 0;
  for (int64_t index = 0; index < sequences.count(); ++index)
    targets += std::max<int64_t>(0, sequences.targets(index));
  if (targets == 0) fail("ERR_ARGUMENT", "Expected at least one target token in the optimizer batch.");
  BatchLoss result;
  for (const auto& indices : plan(sequences)) {
    cancel.throw_if_cancelled();
    const PackedBatch batch = packed(sequences, indices);
    const LanguageModelLoss part =
        model_->backward_language_model(batch, static_cast<double>(targets), gradients_);
    result.loss += part.loss;
    result.exact_matches += part.exact_matches;
  }
  return result;
}

double Trainer::step(const LearningRates& rates) {
  const at::NoGradGuard no_grad;
  pending_.reset();  // its logits are those of the weights before this step
  const double norm = gradient_norm();
  if (!std::isfinite(norm)) {
    gradients_.clear();
    fail("ERR_NOT_FINITE", "The gradient norm is not finite.", "Lower the learning rate: --lr 1e-6");
  }
  if (options_.clip > 0) {
    // torch.nn.utils.clip_grad_norm_'s formula
    const double factor = options_.clip / (norm + 1e-6);
    if (factor < 1.0) {
      for (size_t i = 0; i < gradients_.count(); ++i) gradients_.dense(i).mul_(factor);
    }
  }
  optimizer_->step(rates, gradients_);
  model_->weights_changed();
  gradients_.clear();
  return norm;
}

// Per tensor and then in double: one norm over all of them in float32 loses four digits on a large model.
double Trainer::gradient_norm() {
  const at::NoGradGuard no_grad;
  std::vector<at::Tensor> norms;
  for (size_t i = 0; i < gradients_.count(); ++i)
    norms.push_back(at::linalg_vector_norm(gradients_.dense(i), 2));
  return at::linalg_vector_norm(at::stack(norms).to(at::kDouble), 2).item<double>();
}

at::Tensor Trainer::gradient(const std::string& name) {
  return gradients_.dense(model_->parameter_index(name)).to(at::kCPU);
}

void Trainer::check_finite() const {
  const at::NoGradGuard no_grad;
  for (const Parameter& parameter : model_->parameters()) {
    if (parameter.tensor.isfinite().all().item<bool>()) continue;
    fail("ERR_NOT_FINITE", "The weights of '" + parameter.name + "' are not finite.",
         "Lower the learning rate: --lr 1e-6");
  }
}

void Trainer::save_checkpoint(const std::string& folder) const {
  NamedTensors weights;
  for (const Parameter& parameter : model_->parameters()) {
    weights.emplace_back(parameter.name, parameter.tensor.detach().to(at::kCPU).contiguous());
  }
  write_safetensors(folder + "/weights.safetensors", weights);
  write_safetensors(folder + "/optimizer.safetensors", optimizer_->state());
}

void Trainer::load_checkpoint(const std::string& folder) {
  const WeightFiles weights = WeightFiles::open_file(folder + "/weights.safetensors");
  const WeightFiles state = WeightFiles::open_file(folder + "/optimizer.safetensors");
  pending_.reset();
  gradients_.clear();
  for (const Parameter& parameter : model_->parameters()) weights.copy_into(parameter.name, parameter.tensor);
  model_->weights_changed();
  optimizer_->load_state(state);
}

}  // namespace w2s
