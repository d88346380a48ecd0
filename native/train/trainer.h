// One optimizer batch at a time: forward, loss, backward over micro-batches, clipping, update, checkpoint.
// Gradients equal those of the whole optimizer batch for any micro-batch size, to rounding.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "../cancel.h"
#include "../loss/objective.h"
#include "../model/gradients.h"
#include "../model/model.h"
#include "../nn/packed.h"
#include "optimizer.h"

namespace w2s {

struct TrainerOptions {
  OptimizerKind optimizer = OptimizerKind::kAdamW;
  double weight_decay = 0.0;
  double clip = 1.0;  // 0: off
  int64_t micro_batch_tokens = 8192;
  bool share_prefixes = false;
};

struct BatchLoss {
  double loss = 0.0;
  at::Tensor logits_BK;       // each sequence's, CPU float32; undefined for a language model
  int64_t exact_matches = 0;  // of a language model: sequences whose every target token was the likeliest
};

class Trainer {
 public:
  Trainer(std::shared_ptr<Model> model, const TrainerOptions& options);

  /// Logits [B, K] on the CPU, in the caller's order. Where one micro-batch holds the whole batch its tape
  /// is kept for `backward`; otherwise `backward` runs each micro-batch forward again.
  at::Tensor forward(Sequences sequences, CancelToken& cancel);
  /// Adds the gradients of the last `forward`'s batch, once. Errors: ERR_ARGUMENT without one, or for a
  /// gradient of another shape (the batch then still waits).
  void backward(const at::Tensor& d_logits_BK, CancelToken& cancel);
  /// All of it with a loss of our own. This and `backward`, when cancelled or failed, leave no gradient
  /// behind.
  BatchLoss forward_backward(Sequences sequences, const Objective& objective, CancelToken& cancel);

  /// Clips, updates and clears the gradients; gives the norm before clipping. Errors: ERR_NOT_FINITE, weights
  /// untouched.
  double step(const LearningRates& rates);

  at::Tensor gradient(const std::string& name);
  /// Errors: ERR_NOT_FINITE naming the parameter.
  void check_finite() const;

  void save_checkpoint(const std::string& folder) const;
  void load_checkpoint(const std::string& folder);

 private:
  struct Pending {
    Sequences sequences;
    std::vector<std::vector<int64_t>> micro_batches;
    // The only micro-batch, with its tape; absent when there are several.
    std::optional<std::pair<PackedBatch, ForwardPass>> kept;
  };

  bool shares_prefixes() const;
  std::vector<std::vector<int64_t>> plan(const Sequences& sequences, int64_t group = 1) const;
  PackedBatch packed(const Sequences& sequences, const std::vector<int64_t>& indices) const;

  template <class Body>
  auto all_or_nothing(const Body& body);
  int64_t checked_classes(const Objective& objective, int64_t sequences) const;
  at::Tensor checked_targets(const Objective& objective, int64_t sequences) const;
  at::Tensor example_logits(const at::Tensor& scores_SK, int64_t group) const;
  at::Tensor score_gradients(const at::Tensor& d_logits_BK, int64_t group) const;
  BatchLoss separable_batch(const Sequences& sequences, const Objective& objective, CancelToken& cancel);
  BatchLoss whole_batch(Sequences sequences, const Objective& objective, CancelToken& cancel);
  BatchLoss language_model_batch(const Sequences& sequences, CancelToken& cancel);
  double gradient_norm();

  std::shared_ptr<Model> model_;
  TrainerOptions options_;
  std::unique_ptr<Optimizer> optimizer_;
  Gradients gradients_;
  std::optional<Pending> pending_;
};

}  // namespace w2s
