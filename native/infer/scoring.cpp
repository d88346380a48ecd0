#include "scoring.h"

#include <ATen/core/grad_mode.h>

#include <algorithm>

#include "../nn/micro_batch_budget.h"
#include "../nn/micro_batches.h"

namespace w2s {
namespace {

// Gives the tokens that a micro-batch had at most.
template <class Work>
int64_t for_each_micro_batch(const Model& model, const Sequences& sequences, const ScoringOptions& options,
                             Reading reading, CancelToken& cancel, const Progress& progress,
                             const Work& work) {
  const at::NoGradGuard no_grad;
  const PackOptions packing{
      .reading = reading,
      .share_prefixes = options.share_prefixes && model.takes_shared_prefixes(),
      .round_rows_to = model.row_multiple(),
  };
  model.bring_up_to_date();
  const auto run = [&](int64_t budget) {
    int64_t done = 0;
    for (const auto& indices : plan_micro_batches(sequences, budget, 1, packing.share_prefixes)) {
      cancel.throw_if_cancelled();
      const PackedBatch batch = pack(sequences, indices, packing, model.uploads());
      fail_after_tokens(batch.own_rows(), options.fail_after_tokens);
      work(batch);
      done += static_cast<int64_t>(indices.size());
      if (progress) progress(done);
    }
  };
  int64_t budget = options.micro_batch_tokens;
  with_halving(
      budget, sequences, /*group=*/1, model.device(), [] { return false; }, run);
  return budget;
}

// Copies row i of a micro-batch's [B, width] to its place in the caller's order.
void scatter_rows(const at::Tensor& rows, const PackedBatch& batch, std::vector<float>& into) {
  const at::Tensor host = rows.to(at::kCPU, at::kFloat).contiguous();
  const int64_t width = host.size(1);
  const float* values = host.const_data_ptr<float>();
  for (size_t row = 0; row < batch.indices_B.size(); ++row) {
    std::copy_n(values + static_cast<int64_t>(row) * width, width,
                into.begin() + batch.indices_B[row] * width);
  }
}

void scatter_targets(const TokenScores& found, const PackedBatch& batch, Scores& into) {
  const at::Tensor log_probs_T = found.log_probs_T.to(at::kCPU);
  const at::Tensor argmax_T = found.argmax_T.to(at::kCPU, at::kInt);
  int64_t from = 0;
  for (size_t row = 0; row < batch.indices_B.size(); ++row) {
    const int64_t to = into.target_offsets[batch.indices_B[row]];
    const int64_t count = batch.target_counts_B[row];
    std::copy_n(log_probs_T.const_data_ptr<float>() + from, count, into.log_probs_T.begin() + to);
    std::copy_n(argmax_T.const_data_ptr<int32_t>() + from, count, into.argmax_T.begin() + to);
    from += count;
  }
}

}  // namespace

Scores score(const Model& model, const Sequences& sequences, const ScoringOptions& options,
             CancelToken& cancel, const Progress& progress) {
  check_sequences(sequences, model.config().vocabulary_size, model.config().context_length);
  const bool by_head = !options.language_model && model.head().kind() != HeadKind::kLm;
  const bool tokens = !by_head || model.head().reads_targets();
  Scores scores;
  scores.target_offsets.push_back(0);
  for (int64_t index = 0; index < sequences.count(); ++index) {
    const int64_t targets = tokens ? std::max<int64_t>(0, sequences.targets(index)) : 0;
    scores.target_offsets.push_back(scores.target_offsets.back() + static_cast<int32_t>(targets));
  }
  scores.log_probs_T.resize(scores.target_offsets.back());
  scores.argmax_T.resize(scores.target_offsets.back());
  if (by_head) scores.logits_BK.resize(sequences.count() * model.head().outputs());
  const Reading reading = by_head ? model.reading() : Reading::kTargets;
  const auto read = [&](const PackedBatch& batch) {
    if (by_head) {
      const ForwardPass pass = model.forward(batch);
      scatter_rows(pass.logits_BK, batch, scores.logits_BK);
      if (tokens) scatter_targets(pass.scores, batch, scores);
    } else {
      scatter_targets(model.score_targets(batch), batch, scores);
    }
  };
  scores.micro_batch_tokens =
      for_each_micro_batch(model, sequences, options, reading, cancel, progress, read);
  return scores;
}

std::vector<float> hidden_states(const Model& model, const Sequences& sequences,
                                 const ScoringOptions& options, CancelToken& cancel,
                                 const Progress& progress) {
  check_sequences(sequences, model.config().vocabulary_size, model.config().context_length);
  std::vector<float> hidden_BD(sequences.count() * model.config().hidden_size);
  for_each_micro_batch(
      model, sequences, options, Reading::kLastToken, cancel, progress,
      [&](const PackedBatch& batch) { scatter_rows(model.read_hidden(batch), batch, hidden_BD); });
  return hidden_BD;
}

}  // namespace w2s
