// Continues prompts token by token, with a cache of keys and values.
#pragma once

#include <cstdint>
#include <vector>

#include "next_token.h"
#include "scoring.h"

namespace w2s {

struct GenerateOptions {
  /// Tokens drawn for one continuation at most; a stop token is one of them.
  int64_t max_new_tokens = 1;
  /// Each of them ends a continuation and is not part of it.
  std::vector<int32_t> stop_tokens;
  /// Stop tokens are not drawn before this many others.
  int64_t min_new_tokens = 0;
  SamplingOptions sampling;
  /// Continuations of each prompt.
  int64_t samples = 1;
  /// Places of the cache that may be taken at a time.
  int64_t micro_batch_tokens = 8192;
};

/// Continuations prompt by prompt, sample by sample: S of them, N tokens in all.
struct Generated {
  std::vector<int32_t> tokens_N;
  std::vector<int32_t> offsets_S1;
  std::vector<uint8_t> stopped_S;  // 1 where a stop token ended it
  std::vector<float> log_probs_N;
  std::vector<float> margins_N;
};

/// Continues every prompt until a stop token, `max_new_tokens`, or until prompt and continuation fill the
/// model's context. Progress counts continuations. Errors: ERR_ARGUMENT naming the sequence or the option,
/// ERR_NOT_FINITE.
Generated generate(const Model& model, const Sequences& prompts, const GenerateOptions& options,
                   CancelToken& cancel, const Progress& progress);

}  // namespace w2s
