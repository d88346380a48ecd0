// Forward and backward of one micro-batch for training: as it comes, or, where the trainer was given a recorder and
// the micro-batch is small, filled up to one of a few shapes and replayed.
#pragma once

#include <compare>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "../model/gradients.h"
#include "../model/model.h"
#include "../nn/fixed_shape.h"
#include "../nn/packed.h"
#include "../recorded_work.h"

namespace w2s {

struct TrainingPassOptions {
  bool share_prefixes = false;
  /// Null: nothing is recorded.
  std::shared_ptr<WorkRecorder> recorder;
  // For tests: memory is said to run out in micro-batches of more tokens, and in the middle of this recording, from 1 on;
  // 0: never.
  int64_t fail_after_tokens = 0;
  int64_t fail_recording = 0;
};

class TrainingPass {
 public:
  TrainingPass(std::shared_ptr<Model> model, TrainingPassOptions options);
  ~TrainingPass();
  TrainingPass(const TrainingPass&) = delete;
  TrainingPass& operator=(const TrainingPass&) = delete;

  struct Recording;
  /// A micro-batch whose backward has not run.
  struct Forwarded {
    at::Tensor logits_BK;  // float32, of the sequences in the order they were given
    // One of these holds what backward needs.
    std::optional<std::pair<PackedBatch, ForwardPass>> kept;
    Recording* recording = nullptr;
  };

  bool shares_prefixes() const { return options_.share_prefixes && model_->takes_shared_prefixes(); }
  /// As it comes, for passes of another kind.
  PackedBatch packed(const Sequences& sequences, const std::vector<int64_t>& indices_B) const;

  /// `gradients`: those that `backward` adds to. `budget`: what is filled up shares nothing, and has no more tokens than
  /// this but for the filling.
  Forwarded forward(const Sequences& sequences, const std::vector<int64_t>& indices_B, int64_t budget,
                    const Gradients& gradients);
  /// Once, before anything else is put forward.
  void backward(const Forwarded& forwarded, const at::Tensor& d_logits_BK, Gradients& gradients);

  /// Memory ran out: where something was recorded, gives its memory back, records nothing any more, and is true.
  bool stop_recording();
  bool records() const { return options_.recorder != nullptr; }
  /// Backward passes that were replayed.
  int64_t replays() const { return replays_; }

 private:
  // What is fixed in a recording besides its memory: also which gradients are written for the first time.
  struct Key {
    FixedShape shape;
    std::vector<bool> written;
    auto operator<=>(const Key&) const = default;
  };

  std::optional<FixedShape> shape_of(const Sequences& sequences, const std::vector<int64_t>& indices_B,
                                     int64_t budget) const;
  // `count`: sequences of the batch that were asked for.
  Forwarded forward_in_shape(const Key& key, PackedBatch batch, int64_t count);
  Recording& recording_of(const Key& key);
  Forwarded forward_recorded(Recording& recording, const PackedBatch& batch, int64_t count);
  void backward_recorded(Recording& recording, const at::Tensor& d_logits_BK, Gradients& gradients);
  std::unique_ptr<RecordedWork> record(std::function<void()> work);

  std::shared_ptr<Model> model_;
  TrainingPassOptions options_;
  std::set<Key> seen_;  // once, so far
  std::map<Key, std::unique_ptr<Recording>> recordings_;
  int64_t recorded_ = 0;
  int64_t replays_ = 0;
};

}  // namespace w2s
