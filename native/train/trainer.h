// One optimizer batch at a time: forward, loss, backward over micro-batches, clipping, update, checkpoint.
// Gradients equal those of the whole optimizer batch for any micro-batch size, to rounding.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "../cancel.h"
#include "../late_result.h"
#include "../loss/objective.h"
#include "../model/gradients.h"
#include "../model/model.h"
#include "budget_search.h"
#include "optimizer.h"
#include "training_pass.h"

namespace w2s {

struct TrainerOptions {
  OptimizerKind optimizer = OptimizerKind::kAdamW;
  double weight_decay = 0.0;
  double clip = 1.0;  // 0: off
  int64_t micro_batch_tokens = 8192;
  bool share_prefixes = false;
  /// Small micro-batches are recorded and replayed; null: none are.
  std::shared_ptr<WorkRecorder> recorder;
  // For tests. Do on the CPU as on a device: results are late, nothing is looked at within a step.
  bool late_results = false;
  // Memory is said to run out in micro-batches of more tokens; 0: never.
  int64_t fail_after_tokens = 0;
  // The same in the middle of this recording, from 1 on; 0: none.
  int64_t fail_recording = 0;
};

struct BatchLoss {
  double loss = 0.0;
  at::Tensor logits_BK;       // each sequence's, CPU float32; undefined for a language model
  int64_t exact_matches = 0;  // of a language model: sequences whose every target token was the likeliest
};

using LateBatchLoss = LateResult<BatchLoss>;

/// A BatchLoss as the device has it.
struct DeviceLoss {
  at::Tensor loss;           // float64 []
  at::Tensor logits_BK;      // float32; undefined for a language model
  at::Tensor exact_matches;  // int64 []; undefined but for a language model
};

/// Where memory runs out, a call is done again from its beginning, to the same result but for rounding, unless gradients
/// of earlier calls wait for the step: without recordings where there were any, else in micro-batches of half the
/// tokens. Errors: out of memory for a single example.
class Trainer {
 public:
  Trainer(std::shared_ptr<Model> model, const TrainerOptions& options);
  ~Trainer();  // the model's weights are up to date then
  Trainer(const Trainer&) = delete;
  Trainer& operator=(const Trainer&) = delete;

  /// Logits [B, K] on the CPU, in the caller's order. Where one micro-batch holds the whole batch its tape
  /// is kept for `backward`; otherwise `backward` runs each micro-batch forward again.
  at::Tensor forward(Sequences sequences, CancelToken& cancel);
  /// Adds the gradients of the last `forward`'s batch, once. Errors: ERR_ARGUMENT without one, or for a
  /// gradient of another shape (the batch then still waits).
  void backward(const at::Tensor& d_logits_BK, CancelToken& cancel);
  /// All of it with a loss of our own. This and `backward`, when cancelled or failed, leave no gradient
  /// behind.
  LateBatchLoss forward_backward(const Sequences& sequences, const Objective& objective, CancelToken& cancel);

  /// Clips, updates and clears the gradients; gives the norm before clipping. Errors: ERR_ARGUMENT behind a backward
  /// pass that failed, once; ERR_NOT_FINITE, weights untouched: where the result is late, the steps that are under way
  /// say the same.
  LateResult<double> step(const LearningRates& rates);

  /// Tokens that a micro-batch may have: the option's, or less where memory ran out.
  int64_t micro_batch_tokens() const { return budget_; }

  /// Backward passes that were replayed instead of launched kernel by kernel.
  int64_t replays() const { return passes_.replays(); }
  /// Whether small micro-batches are recorded, still.
  bool records() const { return passes_.records(); }

  /// Tries micro-batches of these sequences, `group` of which form an example, and takes the best budget: see
  /// `search_budget`. `language_model`: with its loss, else with one of the head's logits. Leaves no gradients.
  int64_t find_micro_batch_tokens(const Sequences& sequences, bool language_model, int64_t group,
                                  CancelToken& cancel);

  at::Tensor gradient(const std::string& name);
  /// Errors: ERR_NOT_FINITE naming the parameter.
  void check_finite();

  void save_checkpoint(const std::string& folder);
  void load_checkpoint(const std::string& folder);

 private:
  struct Pending {
    Sequences sequences;
    std::vector<std::vector<int64_t>> micro_batches;
    // The only micro-batch; absent when there are several.
    std::optional<TrainingPass::Forwarded> kept;
  };

  template <class Body>
  auto all_or_nothing(const Body& body);
  template <class Attempt>
  auto redone_when_memory_runs_out(const Sequences& sequences, int64_t group, const Attempt& attempt);
  void begin(const Sequences& sequences);
  std::vector<std::vector<int64_t>> plan(const Sequences& sequences, int64_t budget, int64_t group = 1) const;
  /// Zeros on the model's device, [sequences, outputs].
  at::Tensor new_scores(const Sequences& sequences) const;
  /// The checked targets [B, K] on the model's device.
  at::Tensor uploaded_targets(const Objective& objective, const Sequences& sequences) const;
  at::Tensor run_forward(const Sequences& sequences, int64_t budget, CancelToken& cancel);
  void run_backward(const Sequences& sequences, const Pending& pending, const at::Tensor& d_logits_BK,
                    CancelToken& cancel);
  DeviceLoss separable_batch(const Sequences& sequences, const Objective& objective, int64_t budget,
                             CancelToken& cancel);
  DeviceLoss whole_batch(const Sequences& sequences, const Objective& objective, int64_t budget,
                         CancelToken& cancel);
  DeviceLoss language_model_batch(const Sequences& sequences, int64_t budget, CancelToken& cancel);
  Trial try_micro_batch(const Sequences& sequences, bool language_model, const std::vector<int64_t>& indices);
  LateResult<double> late_step(const LearningRates& rates);
  at::Tensor measured_norm();
  void update(const LearningRates& rates, const StepScale& scale);
  bool on_device() const { return options_.late_results || !model_->device().is_cpu(); }

  std::shared_ptr<Model> model_;
  TrainerOptions options_;
  int64_t budget_;
  Optimizer optimizer_;
  Gradients gradients_;
  TrainingPass passes_;
  std::optional<Pending> pending_;
  bool failed_ = false;  // the last backward pass
  at::Tensor skip_;      // of late steps, float32 []: 1 since a norm was not finite, until somebody was told
};

}  // namespace w2s
