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
  int64_t micro_batch_tokens = 0;       // the option's, or less where memory ran out
};

struct ScoringOptions {
  /// Read the language model below the head instead of the head.
  bool language_model = false;
  int64_t micro_batch_tokens = 8192;
  bool share_prefixes = false;
  int64_t fail_after_tokens = 0;  // for tests: memory is said to run out in micro-batches of more; 0: never
};

using Progress = std::function<void(int64_t sequences_done)>;

/// Where memory runs out, it is begun again in micro-batches of half the tokens. Errors: out of memory for a single
/// sequence.
Scores score(const Model& model, const Sequences& sequences, const ScoringOptions& options,
             CancelToken& cancel, const Progress& progress);

/// Final hidden state of each sequence's last token [B · D]; the same where memory runs out.
std::vector<float> hidden_states(const Model& model, const Sequences& sequences,
                                 const ScoringOptions& options, CancelToken& cancel,
                                 const Progress& progress);

}  // namespace w2s
