// Scores any number of sequences, micro-batch by micro-batch, with results in the caller's order.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "../cancel.h"
#include "../model/model.h"
#include "../nn/packed.h"

namespace w2s {

struct Scores {
  std::vector<float> logits_BK;         // empty for a language model
  std::vector<float> log_probs_T;       // empty for a classifier
  std::vector<int32_t> argmax_T;        // empty for a classifier
  std::vector<int32_t> target_offsets;  // B + 1
};

struct ScoringOptions {
  /// Read the language model below the head instead of the head.
  bool language_model = false;
  int64_t micro_batch_tokens = 8192;
  bool share_prefixes = false;
};

using Progress = std::function<void(int64_t sequences_done)>;

Scores score(const Model& model, const Sequences& sequences, const ScoringOptions& options,
             CancelToken& cancel, const Progress& progress);

/// Final hidden state of each sequence's last token [B · D].
std::vector<float> hidden_states(const Model& model, const Sequences& sequences,
                                 const ScoringOptions& options, CancelToken& cancel,
                                 const Progress& progress);

}  // namespace w2s
