#include "training_pass.h"

#include <ATen/ops/zeros.h>

#include <algorithm>

#include "../nn/prefix_order.h"
#include "../out_of_memory.h"

namespace w2s {
namespace {

// A micro-batch of another shape is computed as it comes.
constexpr size_t kMostRecordings = 64;

bool some_are_shared(const Sequences& sequences, const std::vector<int64_t>& indices_B) {
  return std::ranges::any_of(prefix_order(sequences, indices_B).shared,
                             [](int64_t shared) { return shared > 0; });
}

}  // namespace

// Both halves read and write memory that stays where it is: `batch` and `d_logits_BK`, the weights, the gradients, and
// what lies between the halves.
struct TrainingPass::Recording {
  PackedBatch batch;
  at::Tensor d_logits_BK;  // of the filling zero
  ForwardPass pass;
  std::unique_ptr<RecordedWork> forward, backward;
  std::vector<bool> written;  // by then, with what was before
  bool is_waiting = false;    // its forward half was run, its backward half was not
};

TrainingPass::TrainingPass(std::shared_ptr<Model> model, TrainingPassOptions options)
    : model_(std::move(model)), options_(std::move(options)) {}

TrainingPass::~TrainingPass() = default;

PackedBatch TrainingPass::packed(const Sequences& sequences, const std::vector<int64_t>& indices_B) const {
  const Profile::Scope scope(&model_->profile(), Part::kAssembly);
  const PackOptions options{.reading = model_->reading(),
                            .share_prefixes = shares_prefixes(),
                            .round_rows_to = model_->row_multiple()};
  PackedBatch batch = pack(sequences, indices_B, options, model_->uploads());
  fail_after_tokens(batch.tokens_N.size(0) - batch.padding_rows, options_.fail_after_tokens);
  return batch;
}

std::optional<FixedShape> TrainingPass::shape_of(const Sequences& sequences,
                                                 const std::vector<int64_t>& indices_B) const {
  // The parts of a step that is replayed cannot be told apart.
  if (!options_.recorder || model_->profile().enabled() || model_->reading() != Reading::kLastToken)
    return std::nullopt;
  if (shares_prefixes() && some_are_shared(sequences, indices_B)) return std::nullopt;
  return fixed_shape(sequences, indices_B, model_->config().context_length);
}

TrainingPass::Forwarded TrainingPass::forward(const Sequences& sequences,
                                              const std::vector<int64_t>& indices_B,
                                              const Gradients& gradients) {
  if (const auto shape = shape_of(sequences, indices_B)) {
    PackedBatch batch = pack_to(*shape, sequences, indices_B, model_->uploads());
    if (model_->takes_recording(batch))
      return forward_fixed({*shape, gradients.written()}, std::move(batch),
                           static_cast<int64_t>(indices_B.size()));
    options_.recorder.reset();  // no batch of this model may be recorded
  }
  PackedBatch batch = packed(sequences, indices_B);
  ForwardPass pass = model_->forward(batch, Purpose::kTraining);
  return {pass.logits_BK, std::pair(std::move(batch), std::move(pass)), nullptr};
}

// The first of a shape is computed in that shape, but not recorded: what libraries set up for it they set up now.
TrainingPass::Forwarded TrainingPass::forward_fixed(Key key, PackedBatch batch, int64_t count) {
  fail_after_tokens(batch.tokens_N.size(0) - batch.padding_rows, options_.fail_after_tokens);
  const auto known = recordings_.find(key);
  if (known == recordings_.end()) {
    if (recordings_.size() < kMostRecordings) recordings_.emplace(std::move(key), nullptr);
    ForwardPass pass = model_->forward(batch, Purpose::kTraining);
    return {pass.logits_BK.narrow(0, 0, count), std::pair(std::move(batch), std::move(pass)), nullptr};
  }
  std::unique_ptr<Recording>& recording = known->second;
  // One whose backward half was never asked for has none, and lost what it would have to be recorded from.
  if (recording && recording->is_waiting && !recording->backward) recording.reset();
  if (!recording) recording = std::make_unique<Recording>();
  return replay_forward(*recording, std::move(batch), count);
}

TrainingPass::Forwarded TrainingPass::replay_forward(Recording& recording, PackedBatch batch, int64_t count) {
  if (!recording.forward) {
    recording.batch = std::move(batch);
  } else {
    recording.batch.arrays.copy_(batch.arrays, /*non_blocking=*/true);
  }
  model_->refresh_weights();
  if (!recording.forward) {
    recording.forward = options_.recorder->record(
        [this, own = &recording] { own->pass = model_->forward(own->batch, Purpose::kTraining); });
  }
  recording.forward->replay();
  recording.is_waiting = true;
  return {recording.pass.logits_BK.narrow(0, 0, count).clone(), std::nullopt, &recording};
}

void TrainingPass::backward(const Forwarded& forwarded, const at::Tensor& d_logits_BK, Gradients& gradients) {
  if (forwarded.recording) return replay_backward(*forwarded.recording, d_logits_BK, gradients);
  const auto& [batch, pass] = *forwarded.kept;
  at::Tensor d_all_BK = d_logits_BK;
  if (d_logits_BK.size(0) != pass.logits_BK.size(0)) {
    d_all_BK = at::zeros(pass.logits_BK.sizes(), d_logits_BK.options());
    d_all_BK.narrow(0, 0, d_logits_BK.size(0)).copy_(d_logits_BK);
  }
  model_->backward(batch, pass, d_all_BK, gradients);
}

void TrainingPass::replay_backward(Recording& recording, const at::Tensor& d_logits_BK,
                                   Gradients& gradients) {
  if (!recording.d_logits_BK.defined())
    recording.d_logits_BK = at::zeros(recording.pass.logits_BK.sizes(), d_logits_BK.options());
  recording.d_logits_BK.zero_();
  recording.d_logits_BK.narrow(0, 0, d_logits_BK.size(0)).copy_(d_logits_BK);
  const bool first = !recording.backward;
  if (first) {
    recording.backward = options_.recorder->record([this, own = &recording, &gradients] {
      model_->backward(own->batch, own->pass, own->d_logits_BK, gradients);
    });
  }
  recording.backward->replay();
  recording.is_waiting = false;
  // What is written is noted on the host, where a replay runs nothing.
  if (first) recording.written = gradients.written();
  gradients.note_written(recording.written);
  ++replays_;
}

void TrainingPass::forget() { recordings_.clear(); }

}  // namespace w2s
