#include "generate.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/tensor.h>

#include <algorithm>
#include <limits>
#include <numeric>
#include <set>

#include "../error.h"
#include "../nn/kv_cache.h"

namespace w2s {
namespace {

constexpr int64_t kMostContinuations = 1 << 24;
constexpr size_t kMostTokens = std::numeric_limits<int32_t>::max();

struct Continuation {
  std::vector<int32_t> tokens;
  std::vector<float> log_probs, margins;
  int64_t draws = 0;
  bool stopped = false;
};

class Generation {
 public:
  Generation(const Model& model, const Sequences& prompts, const GenerateOptions& options,
             CancelToken& cancel, const Progress& progress)
      : model_(model),
        decoder_(model.decoder().cast()),
        prompts_(prompts),
        options_(options),
        cancel_(cancel),
        progress_(progress),
        continuations_(prompts.count() * options.samples) {}

  Generated run() {
    const at::NoGradGuard no_grad;
    for (const std::vector<int64_t>& batch : plan()) run_batch(batch);
    return collect();
  }

 private:
  int64_t prompt_of(int64_t continuation) const { return continuation / options_.samples; }
  /// Draws that fit behind a prompt.
  int64_t room(int64_t prompt) const {
    return std::min(options_.max_new_tokens, model_.config().context_length - prompts_.length(prompt));
  }

  std::vector<std::vector<int64_t>> plan();
  void run_batch(std::vector<int64_t> rows);
  at::Tensor prefill(const std::vector<int64_t>& rows, std::optional<KvCache>& cache) const;
  std::vector<int64_t> take(const std::vector<int64_t>& rows, const NextTokens& next);
  bool record(int64_t continuation, int32_t token, float log_prob, float margin);
  void report(int64_t finished);
  Generated collect() const;

  const Model& model_;
  const Decoder decoder_;
  const Sequences& prompts_;
  const GenerateOptions& options_;
  CancelToken& cancel_;
  const Progress& progress_;
  std::vector<Continuation> continuations_;
  int64_t done_ = 0;
};

// Longest prompts first, for the reasons of `plan_micro_batches`; the samples of one prompt stand side by side.
// A batch is as wide as its first row may grow. A continuation that alone is wider is a batch of its own.
std::vector<std::vector<int64_t>> Generation::plan() {
  std::vector<int64_t> order(prompts_.count());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order, std::greater<>(), [&](int64_t prompt) { return prompts_.length(prompt); });
  std::vector<std::vector<int64_t>> batches;
  size_t most_rows = 0;
  for (const int64_t prompt : order) {
    if (room(prompt) == 0) {  // it fills the context by itself
      report(options_.samples);
      continue;
    }
    for (int64_t sample = 0; sample < options_.samples; ++sample) {
      if (batches.empty() || batches.back().size() >= most_rows) {
        batches.emplace_back();
        const int64_t width = prompts_.length(prompt) + room(prompt);
        most_rows = static_cast<size_t>(std::max<int64_t>(1, options_.micro_batch_tokens / width));
      }
      batches.back().push_back(prompt * options_.samples + sample);
    }
  }
  return batches;
}

// The hidden state behind each row's prompt, [R, D]. A prompt is read once, however many rows continue it.
at::Tensor Generation::prefill(const std::vector<int64_t>& rows, std::optional<KvCache>& cache) const {
  std::vector<int64_t> prompts, sources;
  int64_t most = 0;
  for (const int64_t row : rows) {
    const int64_t prompt = prompt_of(row);
    if (prompts.empty() || prompts.back() != prompt) prompts.push_back(prompt);
    sources.push_back(static_cast<int64_t>(prompts.size()) - 1);
    most = std::max(most, prompts_.length(prompt) + room(prompt));
  }
  const PackedBatch batch = pack(prompts_, prompts, {}, model_.device());
  cache.emplace(model_.config().layers, batch, sources, most);
  const Attention causal = decoder_.packed_attention(batch);
  const at::Tensor hidden_ND = decoder_.hidden(
      batch.tokens_N, batch.positions_N,
      [&](int64_t layer, const at::Tensor& q_NHE, const at::Tensor& k_NGE, const at::Tensor& v_NGE) {
        cache->fill(layer, k_NGE, v_NGE, batch);
        return causal(layer, q_NHE, k_NGE, v_NGE);
      });
  const at::Tensor sources_R = at::tensor(sources).to(model_.device());
  return hidden_ND.index_select(0, batch.read_rows_R.index_select(0, batch.reads.index_select(0, sources_R)));
}

void Generation::run_batch(std::vector<int64_t> rows) {
  cancel_.throw_if_cancelled();
  const DecoderConfig& config = model_.config();
  std::optional<KvCache> cache;
  at::Tensor hidden_RD = prefill(rows, cache);
  const Attention through_cache = [&](int64_t layer, const at::Tensor& q_RHE, const at::Tensor& k_RGE,
                                      const at::Tensor& v_RGE) {
    return cache->attend(layer, q_RHE, k_RGE, v_RGE, config.windows[layer], config.attention_scales[layer]);
  };
  for (;;) {
    std::vector<Draw> draws;
    for (const int64_t row : rows) {
      draws.push_back({static_cast<uint32_t>(prompt_of(row)), static_cast<uint32_t>(row % options_.samples),
                       static_cast<uint64_t>(continuations_[row].draws)});
    }
    // All rows of a batch have drawn as often.
    const bool may_stop = continuations_[rows.front()].draws >= options_.min_new_tokens;
    const NextTokens next = next_tokens(hidden_RD, model_.unembedding(), options_.sampling, draws,
                                        may_stop ? std::vector<int32_t>() : options_.stop_tokens);
    const std::vector<int64_t> from = take(rows, next);
    report(static_cast<int64_t>(rows.size() - from.size()));
    if (from.empty()) return;
    cancel_.throw_if_cancelled();
    at::Tensor tokens_R = next.tokens_R;
    if (from.size() < rows.size()) {
      std::vector<int64_t> kept;
      for (const int64_t row : from) kept.push_back(rows[row]);
      rows = std::move(kept);
      cache->keep(from);
      tokens_R = tokens_R.index_select(0, at::tensor(from).to(model_.device()));
    }
    hidden_RD = decoder_.hidden(tokens_R, cache->next_positions(), through_cache);
  }
}

// Records what was drawn. Gives the rows that go on, such that few have to move: those behind the new end
// fill the places of the finished ones.
std::vector<int64_t> Generation::take(const std::vector<int64_t>& rows, const NextTokens& next) {
  std::vector<int64_t> going_on;
  std::vector<bool> ended(rows.size());
  for (size_t row = 0; row < rows.size(); ++row) {
    const auto token = static_cast<int32_t>(next.host_tokens_R.const_data_ptr<int64_t>()[row]);
    ended[row] = record(rows[row], token, next.log_probs_R.const_data_ptr<float>()[row],
                        next.margins_R.const_data_ptr<float>()[row]);
    if (!ended[row]) going_on.push_back(static_cast<int64_t>(row));
  }
  std::vector<int64_t> from(going_on.size());
  size_t last = going_on.size();
  for (size_t row = 0; row < from.size(); ++row) {
    from[row] = ended[row] ? going_on[--last] : static_cast<int64_t>(row);
  }
  return from;
}

// Whether the continuation ends with this draw.
bool Generation::record(int64_t index, int32_t token, float log_prob, float margin) {
  Continuation& continuation = continuations_[index];
  ++continuation.draws;
  if (std::ranges::find(options_.stop_tokens, token) != options_.stop_tokens.end()) {
    continuation.stopped = true;
    return true;
  }
  continuation.tokens.push_back(token);
  continuation.log_probs.push_back(log_prob);
  continuation.margins.push_back(margin);
  return continuation.draws == room(prompt_of(index));
}

void Generation::report(int64_t finished) {
  if (finished == 0) return;
  done_ += finished;
  if (progress_) progress_(done_);
}

Generated Generation::collect() const {
  Generated all;
  all.offsets_S1.push_back(0);
  for (const Continuation& continuation : continuations_) {
    if (all.tokens_N.size() + continuation.tokens.size() > kMostTokens) {
      fail("ERR_ARGUMENT", "Expected fewer than 2^31 generated tokens in one call.");
    }
    all.tokens_N.insert(all.tokens_N.end(), continuation.tokens.begin(), continuation.tokens.end());
    all.log_probs_N.insert(all.log_probs_N.end(), continuation.log_probs.begin(),
                           continuation.log_probs.end());
    all.margins_N.insert(all.margins_N.end(), continuation.margins.begin(), continuation.margins.end());
    all.stopped_S.push_back(continuation.stopped ? 1 : 0);
    all.offsets_S1.push_back(static_cast<int32_t>(all.tokens_N.size()));
  }
  return all;
}

void check_options(const Model& model, const Sequences& prompts, const GenerateOptions& options) {
  if (!model.head().reads_targets()) {
    fail("ERR_ARGUMENT",
         "Expected a model with head lm or likelihood for generate but received another head.",
         "Load the folder again with head: 'lm'");
  }
  for (const int32_t token : options.stop_tokens) {
    if (token >= 0 && token < model.config().vocabulary_size) continue;
    fail("ERR_ARGUMENT", "Expected token ids from 0 to " +
                             std::to_string(model.config().vocabulary_size - 1) +
                             " for option `stopTokens` but received " + std::to_string(token) + ".");
  }
  if (options.min_new_tokens > 0 &&
      static_cast<int64_t>(std::set(options.stop_tokens.begin(), options.stop_tokens.end()).size()) >=
          model.config().vocabulary_size) {
    fail("ERR_ARGUMENT", "Expected a token that is no stop token for option `minNewTokens`.");
  }
  if (prompts.count() > kMostContinuations / options.samples) {
    fail("ERR_ARGUMENT", "Expected at most " + std::to_string(kMostContinuations) +
                             " continuations for one call of generate but received " +
                             std::to_string(prompts.count()) + " prompts with " +
                             std::to_string(options.samples) + " samples each.");
  }
}

}  // namespace

Generated generate(const Model& model, const Sequences& prompts, const GenerateOptions& options,
                   CancelToken& cancel, const Progress& progress) {
  check_sequences(prompts, model.config().vocabulary_size, model.config().context_length);
  check_options(model, prompts, options);
  model.bring_up_to_date();
  return Generation(model, prompts, options, cancel, progress).run();
}

}  // namespace w2s
