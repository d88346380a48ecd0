#include "training_pass.h"

#include <ATen/ops/empty.h>

#include <numeric>

#include "../nn/prefix_order.h"
#include "../out_of_memory.h"

namespace w2s {
namespace {

// Micro-batches of yet another shape are computed in it, but not recorded.
constexpr size_t kMostRecordings = 64;
// Shapes that may wait for their second micro-batch.
constexpr size_t kMostSeen = 256;

// Sharing that saves one token in so many gains more than launching everything at once, which knows no sharing.
constexpr int64_t kSharingPays = 4;

int64_t tokens_of(const Sequences& sequences, const std::vector<int64_t>& indices_B) {
  int64_t tokens = 0;
  for (const int64_t index : indices_B) tokens += sequences.length(index);
  return tokens;
}

bool sharing_pays(const Sequences& sequences, const std::vector<int64_t>& indices_B) {
  const std::vector<int64_t> shared = prefix_order(sequences, indices_B).shared;
  return kSharingPays * std::accumulate(shared.begin(), shared.end(), int64_t{0}) >=
         tokens_of(sequences, indices_B);
}

// Gradients of the filling too: zeros.
void fill_up(const at::Tensor& d_logits_BK, const at::Tensor& d_all_BK) {
  const int64_t count = d_logits_BK.size(0);
  d_all_BK.narrow(0, 0, count).copy_(d_logits_BK);
  d_all_BK.narrow(0, count, d_all_BK.size(0) - count).zero_();
}

at::Tensor filled_up(const at::Tensor& d_logits_BK, const ForwardPass& pass) {
  if (d_logits_BK.size(0) == pass.logits_BK.size(0)) return d_logits_BK;
  at::Tensor d_all_BK = at::empty(pass.logits_BK.sizes(), d_logits_BK.options());
  fill_up(d_logits_BK, d_all_BK);
  return d_all_BK;
}

}  // namespace

// Both halves read and write memory that stays where it is: `batch` and `d_logits_BK`, the weights, the gradients, and
// what lies between the halves.
struct TrainingPass::Recording {
  PackedBatch batch;
  at::Tensor d_logits_BK;
  ForwardPass pass;
  std::unique_ptr<RecordedWork> forward, backward;
  std::vector<bool> before, after;  // gradients that were written
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
  fail_after_tokens(batch.own_rows(), options_.fail_after_tokens);
  return batch;
}

std::optional<FixedShape> TrainingPass::shape_of(const Sequences& sequences,
                                                 const std::vector<int64_t>& indices_B,
                                                 int64_t budget) const {
  // The parts of a step that is replayed cannot be told apart.
  if (!options_.recorder || model_->profile().enabled() || model_->reading() != Reading::kLastToken)
    return std::nullopt;
  if (tokens_of(sequences, indices_B) > budget) return std::nullopt;
  if (shares_prefixes() && sharing_pays(sequences, indices_B)) return std::nullopt;
  return fixed_shape(sequences, indices_B, model_->config().context_length);
}

TrainingPass::Forwarded TrainingPass::forward(const Sequences& sequences,
                                              const std::vector<int64_t>& indices_B, int64_t budget,
                                              const Gradients& gradients) {
  if (const auto shape = shape_of(sequences, indices_B, budget)) {
    PackedBatch batch = pack_to(*shape, sequences, indices_B, model_->uploads());
    fail_after_tokens(batch.own_rows(), options_.fail_after_tokens);
    if (model_->takes_recording(batch))
      return forward_in_shape({*shape, gradients.written()}, std::move(batch),
                              static_cast<int64_t>(indices_B.size()));
    options_.recorder.reset();  // no batch of this model may be recorded
  }
  PackedBatch batch = packed(sequences, indices_B);
  ForwardPass pass = model_->forward(batch, Purpose::kTraining);
  return {pass.logits_BK, std::pair(std::move(batch), std::move(pass)), nullptr};
}

// The first of a shape is computed in that shape, but not recorded: what libraries set up for it they set up now.
// Whether a batch is recorded changes nothing else about it: a run that goes on from a checkpoint begins anew here.
TrainingPass::Forwarded TrainingPass::forward_in_shape(const Key& key, PackedBatch batch, int64_t count) {
  const bool has_place = recordings_.size() < kMostRecordings;
  if (recordings_.contains(key) || (has_place && seen_.erase(key) > 0))
    return forward_recorded(recording_of(key), batch, count);
  if (seen_.size() >= kMostSeen) seen_.clear();
  seen_.insert(key);
  ForwardPass pass = model_->forward(batch, Purpose::kTraining);
  return {pass.logits_BK.narrow(0, 0, count), std::pair(std::move(batch), std::move(pass)), nullptr};
}

// A forward half whose backward half was never asked for lost what that would be recorded from: both are made anew.
TrainingPass::Recording& TrainingPass::recording_of(const Key& key) {
  std::unique_ptr<Recording>& recording = recordings_[key];
  if (!recording || !recording->backward) recording = std::make_unique<Recording>();
  recording->before = key.written;
  return *recording;
}

std::unique_ptr<RecordedWork> TrainingPass::record(std::function<void()> work) {
  const bool fails = ++recorded_ == options_.fail_recording;
  return options_.recorder->record([work = std::move(work), fails] {
    work();
    if (fails) fail_after_tokens(/*tokens=*/2, /*most=*/1);
  });
}

TrainingPass::Forwarded TrainingPass::forward_recorded(Recording& recording, const PackedBatch& batch,
                                                       int64_t count) {
  model_->refresh_weights();
  if (recording.forward) {
    recording.batch.arrays.copy_(batch.arrays, /*non_blocking=*/true);
  } else {
    recording.batch = batch;
    recording.forward =
        record([this, own = &recording] { own->pass = model_->forward(own->batch, Purpose::kTraining); });
  }
  recording.forward->replay();
  return {recording.pass.logits_BK.narrow(0, 0, count).clone(), std::nullopt, &recording};
}

void TrainingPass::backward(const Forwarded& forwarded, const at::Tensor& d_logits_BK, Gradients& gradients) {
  if (forwarded.recording) return backward_recorded(*forwarded.recording, d_logits_BK, gradients);
  const auto& [batch, pass] = *forwarded.kept;
  model_->backward(batch, pass, filled_up(d_logits_BK, pass), gradients);
}

void TrainingPass::backward_recorded(Recording& recording, const at::Tensor& d_logits_BK,
                                     Gradients& gradients) {
  const bool first = !recording.backward;
  // Somebody has looked at a gradient since: what is recorded now would add where later ones have to overwrite.
  if (first && gradients.written() != recording.before)
    return model_->backward(recording.batch, recording.pass, filled_up(d_logits_BK, recording.pass),
                            gradients);
  if (first) recording.d_logits_BK = at::empty(recording.pass.logits_BK.sizes(), d_logits_BK.options());
  fill_up(d_logits_BK, recording.d_logits_BK);
  if (first) {
    auto backward = record([this, own = &recording, &gradients] {
      model_->backward(own->batch, own->pass, own->d_logits_BK, gradients);
    });
    backward->replay();
    recording.after = gradients.written();
    recording.backward = std::move(backward);
  } else {
    recording.backward->replay();
    // What is written is noted on the host, where a replay runs nothing.
    gradients.note_written(recording.after);
  }
  ++replays_;
}

bool TrainingPass::stop_recording() {
  if (recordings_.empty()) return false;
  recordings_.clear();
  options_.recorder.reset();
  return true;
}

}  // namespace w2s
