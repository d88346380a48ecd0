#include "trainer.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

#include "../error.h"
#include "../model/embedding_rows.h"
#include "../nn/micro_batch_budget.h"
#include "../nn/micro_batches.h"
#include "clip.h"
#include "examples.h"

namespace w2s {
namespace {

// Of the first micro-batch that is tried.
constexpr int64_t kLeastTokens = 1024;
// Looks at a result that is late for a test's sake until it is there.
constexpr int kLooks = 20;

[[noreturn]] void fail_norm() {
  fail("ERR_NOT_FINITE", "The gradient norm is not finite.", "Lower the learning rate: --lr 1e-6");
}

BatchLoss read_loss(const std::vector<at::Tensor>& host) {
  return {host[0].item<double>(), host[1], host[2].defined() ? host[2].item<int64_t>() : 0};
}

}  // namespace

Trainer::Trainer(std::shared_ptr<Model> model, const TrainerOptions& options)
    : model_(std::move(model)),
      options_(options),
      budget_(options.micro_batch_tokens),
      optimizer_(options.optimizer, options.weight_decay, model_->parameters()),
      gradients_(model_->parameters()),
      passes_(model_,
              {options.share_prefixes, options.recorder, options.fail_after_tokens, options.fail_recording}),
      skip_(at::zeros({}, at::TensorOptions().dtype(at::kFloat).device(model_->device()))) {
  model_->before_read(this, [this] { optimizer_.catch_up_all(); });
}

Trainer::~Trainer() {
  optimizer_.catch_up_all();
  model_->before_read(this, {});
}

// What the forward passes of these sequences will read is brought up to date; what another trainer of this model owes,
// all of it.
void Trainer::begin(const Sequences& sequences) {
  check_sequences(sequences, model_->config().vocabulary_size, model_->config().context_length);
  pending_.reset();
  failed_ = false;
  model_->bring_up_to_date(/*but=*/this);
  if (!model_->device().is_cpu()) return;  // rows are left for later on the CPU alone
  const std::optional<EmbeddingRows> rows = embedding_rows(*model_, sequences);
  if (!rows) return optimizer_.catch_up_all();
  const Profile::Scope scope(&model_->profile(), Part::kOptimizer);
  for (const auto& [parameter, read] : *rows) optimizer_.catch_up(parameter, read);
}

std::vector<std::vector<int64_t>> Trainer::plan(const Sequences& sequences, int64_t budget,
                                                int64_t group) const {
  return plan_micro_batches(sequences, budget, group, passes_.shares_prefixes());
}

// Half a batch's gradient is worse than none: whatever ends a batch early clears them.
template <class Body>
auto Trainer::all_or_nothing(const Body& body) {
  try {
    return body();
  } catch (...) {
    gradients_.clear();
    failed_ = true;
    throw;
  }
}

// Not where gradients of earlier calls would be lost: the caller has to begin anew then, with more memory.
template <class Attempt>
auto Trainer::redone_when_memory_runs_out(const Sequences& sequences, int64_t group, const Attempt& attempt) {
  if (!gradients_.all_empty()) {
    try {
      return attempt(budget_);
    } catch (...) {
      if (is_out_of_memory(std::current_exception())) passes_.stop_recording();
      throw;
    }
  }
  const auto clean_up = [this] {
    pending_.reset();
    gradients_.clear();
    return passes_.stop_recording();
  };
  return with_halving(budget_, sequences, group, model_->device(), clean_up, attempt);
}

at::Tensor Trainer::forward(Sequences sequences, CancelToken& cancel) {
  begin(sequences);
  const at::Tensor logits_BK = with_halving(
      budget_, sequences, /*group=*/1, model_->device(),
      [this] {
        pending_.reset();
        return passes_.stop_recording();
      },
      [&](int64_t budget) { return run_forward(sequences, budget, cancel); });
  pending_->sequences = std::move(sequences);
  return logits_BK.to(at::kCPU);
}

at::Tensor Trainer::new_scores(const Sequences& sequences) const {
  const auto on_device = at::TensorOptions().dtype(at::kFloat).device(model_->device());
  return at::zeros({sequences.count(), model_->head().outputs()}, on_device);
}

// Leaves everything but the sequences for `backward`.
at::Tensor Trainer::run_forward(const Sequences& sequences, int64_t budget, CancelToken& cancel) {
  Pending pending;
  pending.micro_batches = plan(sequences, budget);
  at::Tensor logits_BK = new_scores(sequences);
  const bool keep_pass = pending.micro_batches.size() == 1;
  for (const auto& indices : pending.micro_batches) {
    cancel.throw_if_cancelled();
    at::Tensor own_BK;
    if (keep_pass) {
      pending.kept = passes_.forward(sequences, indices, budget, gradients_);
      own_BK = pending.kept->logits_BK;
    } else {
      own_BK = model_->forward(passes_.packed(sequences, indices), Purpose::kScoring).logits_BK;
    }
    logits_BK.index_copy_(0, uploaded(model_->uploads(), indices), own_BK);
  }
  pending_ = std::move(pending);
  return logits_BK;
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
  Pending pending = std::move(*pending_);
  pending_.reset();
  bool again = false;
  all_or_nothing([&] {
    redone_when_memory_runs_out(pending.sequences, /*group=*/1, [&](int64_t budget) {
      // The first attempt has used the pass up, whole or in part.
      if (std::exchange(again, true)) {
        pending.kept.reset();
        pending.micro_batches = plan(pending.sequences, budget);
      }
      run_backward(pending.sequences, pending, d_logits_BK.to(model_->device()), cancel);
    });
  });
}

void Trainer::run_backward(const Sequences& sequences, const Pending& pending, const at::Tensor& d_logits_BK,
                           CancelToken& cancel) {
  const auto run = [&](const std::vector<int64_t>& indices, const TrainingPass::Forwarded& forwarded) {
    const at::Tensor rows = uploaded(model_->uploads(), indices);
    passes_.backward(forwarded, d_logits_BK.index_select(0, rows), gradients_);
  };
  if (pending.kept) return run(pending.micro_batches.front(), *pending.kept);
  for (const auto& indices : pending.micro_batches) {
    cancel.throw_if_cancelled();
    run(indices, passes_.forward(sequences, indices, budget_, gradients_));
  }
}

LateBatchLoss Trainer::forward_backward(const Sequences& sequences, const Objective& objective,
                                        CancelToken& cancel) {
  // A step may wait behind this call already: a batch that cannot even begin has failed, too.
  const DeviceLoss found = all_or_nothing([&] {
    begin(sequences);
    return redone_when_memory_runs_out(sequences, objective.group, [&](int64_t budget) {
      if (objective.loss == LossKind::kLanguageModel) return language_model_batch(sequences, budget, cancel);
      if (sees_whole_batch(objective)) return whole_batch(sequences, objective, budget, cancel);
      return separable_batch(sequences, objective, budget, cancel);
    });
  });
  const LateBatchLoss result = late<BatchLoss>({found.loss, found.logits_BK, found.exact_matches}, read_loss);
  return options_.late_results ? held_back(result, kLooks) : result;
}

at::Tensor Trainer::uploaded_targets(const Objective& objective, const Sequences& sequences) const {
  const auto shape = checked_shape(objective, model_->head(), sequences.count());
  return uploaded(model_->uploads(), objective.targets_BK).view(shape);
}

// The loss is a sum over examples, so one pass over the micro-batches suffices.
DeviceLoss Trainer::separable_batch(const Sequences& sequences, const Objective& objective, int64_t budget,
                                    CancelToken& cancel) {
  const Head& head = model_->head();
  const at::Tensor targets_BK = uploaded_targets(objective, sequences);
  at::Tensor scores_SK = new_scores(sequences);
  at::Tensor d_logits_BK = at::zeros_like(targets_BK);
  at::Tensor loss = at::zeros({}, targets_BK.options().dtype(at::kDouble));
  for (const auto& indices : plan(sequences, budget, objective.group)) {
    cancel.throw_if_cancelled();
    const at::Tensor rows = uploaded(model_->uploads(), indices);
    const at::Tensor examples =
        objective.group == 1 ? rows : uploaded(model_->uploads(), examples_of(indices, objective.group));
    const TrainingPass::Forwarded forwarded = passes_.forward(sequences, indices, budget, gradients_);
    scores_SK.index_copy_(0, rows, forwarded.logits_BK);
    const at::Tensor logits_BK = example_logits(scores_SK, objective.group);
    const LossRows part_rows{logits_BK.index_select(0, examples), targets_BK.index_select(0, examples),
                             targets_BK.size(0), head.gives_log_probabilities()};
    const LossAndGradient part = apply_loss(objective, part_rows, model_->kernels());
    d_logits_BK.index_copy_(0, examples, part.d_logits_BK.to(at::kFloat));
    const at::Tensor d_scores_SK = score_gradients(d_logits_BK, objective.group, head.outputs());
    passes_.backward(forwarded, d_scores_SK.index_select(0, rows), gradients_);
    loss.add_(part.loss);
  }
  return {loss, scores_SK, {}};
}

// The loss looks across the optimizer batch: all logits first, then all gradients.
DeviceLoss Trainer::whole_batch(const Sequences& sequences, const Objective& objective, int64_t budget,
                                CancelToken& cancel) {
  const Head& head = model_->head();
  const at::Tensor targets_BK = uploaded_targets(objective, sequences);
  const at::Tensor scores_SK = run_forward(sequences, budget, cancel);
  const Pending pending = std::move(*pending_);
  pending_.reset();
  const LossRows rows{example_logits(scores_SK, objective.group), targets_BK, targets_BK.size(0),
                      head.gives_log_probabilities()};
  const LossAndGradient whole = apply_loss(objective, rows, model_->kernels());
  run_backward(sequences, pending,
               score_gradients(whole.d_logits_BK.to(at::kFloat), objective.group, head.outputs()), cancel);
  return {whole.loss, scores_SK, {}};
}

DeviceLoss Trainer::language_model_batch(const Sequences& sequences, int64_t budget, CancelToken& cancel) {
  int64_t targets = 0;
  for (int64_t index = 0; index < sequences.count(); ++index)
    targets += std::max<int64_t>(0, sequences.targets(index));
  if (targets == 0) fail("ERR_ARGUMENT", "Expected at least one target token in the optimizer batch.");
  const auto on_device = at::TensorOptions().device(model_->device());
  at::Tensor loss = at::zeros({}, on_device.dtype(at::kDouble));
  at::Tensor exact_matches = at::zeros({}, on_device.dtype(at::kLong));
  for (const auto& indices : plan(sequences, budget)) {
    cancel.throw_if_cancelled();
    const PackedBatch batch = passes_.packed(sequences, indices);
    const LanguageModelLoss part =
        model_->backward_language_model(batch, static_cast<double>(targets), gradients_);
    loss.add_(part.loss);
    exact_matches.add_(part.exact_matches);
  }
  return {loss, {}, exact_matches};
}

LateResult<double> Trainer::step(const LearningRates& rates) {
  const at::NoGradGuard no_grad;
  pending_.reset();  // its logits are those of the weights before this step
  // Whoever calls it before a backward pass is done cannot know.
  if (std::exchange(failed_, false))
    fail("ERR_ARGUMENT", "Expected gradients for a step but the backward pass before it failed.");
  model_->bring_up_to_date(/*but=*/this);
  if (on_device()) return late_step(rates);
  const at::Tensor measured = measured_norm();
  const double norm = measured.item<double>();
  if (!std::isfinite(norm)) {
    gradients_.clear();
    fail_norm();
  }
  update(rates, clip_scale(measured, options_.clip));
  return early<double>(norm);
}

// Nothing of it is looked at here: where the norm is not finite the device itself leaves the weights as they are, also
// in the steps that were begun before anybody could be told.
LateResult<double> Trainer::late_step(const LearningRates& rates) {
  const at::Tensor norm = measured_norm();
  StepScale scale = clip_scale(norm, options_.clip);
  skip_.clamp_min_(norm.isfinite().logical_not().to(at::kFloat));
  scale.skip = skip_;
  update(rates, scale);
  const LateResult<double> result =
      late<double>({norm, skip_.clone()}, [skip = skip_](const std::vector<at::Tensor>& host) {
        if (host[1].item<float>() == 0.0F) return host[0].item<double>();
        skip.zero_();  // steps that are begun from here on count again
        fail_norm();
      });
  return options_.late_results ? held_back(result, kLooks) : result;
}

at::Tensor Trainer::measured_norm() {
  const Profile::Scope scope(&model_->profile(), Part::kClip);
  return gradient_norm(gradients_).to(model_->device());
}

void Trainer::update(const LearningRates& rates, const StepScale& scale) {
  const Profile::Scope scope(&model_->profile(), Part::kOptimizer);
  optimizer_.step(rates, gradients_, scale);
  gradients_.clear();
  model_->weights_changed();
}

int64_t Trainer::find_micro_batch_tokens(const Sequences& sequences, bool language_model, int64_t group,
                                         CancelToken& cancel) {
  begin(sequences);
  gradients_.clear();
  const auto clean_up = [this] {
    gradients_.clear();
    release_cached_memory(model_->device());
  };
  const auto try_tokens = [&](int64_t tokens) {
    cancel.throw_if_cancelled();
    return try_micro_batch(sequences, language_model, plan(sequences, tokens, group).front());
  };
  const int64_t most = sequences.offsets_B1.back() - sequences.offsets_B1.front();
  budget_ =
      all_or_nothing([&] { return search_budget(std::min(kLeastTokens, most), most, try_tokens, clean_up); });
  return budget_;
}

Trial Trainer::try_micro_batch(const Sequences& sequences, bool language_model,
                               const std::vector<int64_t>& indices) {
  const auto start = std::chrono::steady_clock::now();
  const PackedBatch batch = passes_.packed(sequences, indices);
  if (language_model) {
    model_->backward_language_model(batch, static_cast<double>(batch.targets_T.size(0)), gradients_);
  } else {
    const ForwardPass pass = model_->forward(batch, Purpose::kTraining);
    model_->backward(batch, pass, at::zeros_like(pass.logits_BK), gradients_);
  }
  gradient_norm(gradients_).item<double>();  // waits for the device
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  return {batch.own_rows(), took.count()};
}

at::Tensor Trainer::gradient(const std::string& name) {
  return gradients_.dense(model_->parameter_index(name)).to(at::kCPU);
}

void Trainer::check_finite() {
  const at::NoGradGuard no_grad;
  model_->bring_up_to_date();
  for (const Parameter& parameter : model_->parameters()) {
    if (parameter.tensor.isfinite().all().item<bool>()) continue;
    fail("ERR_NOT_FINITE", "The weights of '" + parameter.name + "' are not finite.",
         "Lower the learning rate: --lr 1e-6");
  }
}

void Trainer::save_checkpoint(const std::string& folder) {
  model_->bring_up_to_date();
  NamedTensors weights;
  for (const Parameter& parameter : model_->parameters()) {
    weights.emplace_back(parameter.name, parameter.tensor.detach().to(at::kCPU).contiguous());
  }
  write_safetensors(folder + "/weights.safetensors", weights);
  write_safetensors(folder + "/optimizer.safetensors", optimizer_.state());
}

void Trainer::load_checkpoint(const std::string& folder) {
  const WeightFiles weights = WeightFiles::open_file(folder + "/weights.safetensors");
  const WeightFiles state = WeightFiles::open_file(folder + "/optimizer.safetensors");
  pending_.reset();
  gradients_.clear();
  model_->bring_up_to_date();
  for (const Parameter& parameter : model_->parameters()) weights.copy_into(parameter.name, parameter.tensor);
  model_->weights_changed();
  optimizer_.load_state(state);
}

}  // namespace w2s
