// Choosing the next token from final hidden states: the likeliest, or one drawn at a temperature from the
// nucleus (Holtzman et al. 2020, arXiv 1904.09751).
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace w2s {

struct SamplingOptions {
  double temperature = 0.0;  // 0: the likeliest token
  double top_p = 1.0;        // the likeliest tokens whose probabilities reach this sum
  uint64_t seed = 0;
};

/// One draw of one continuation. Its random number is a function of these and the seed, so that what shares a
/// batch, and in which order, decides nothing.
struct Draw {
  uint32_t prompt = 0;
  uint32_t sample = 0;
  uint64_t step = 0;
};

/// Uniform in (0, 1), by Philox4x32-10 (Salmon et al. 2011).
double uniform_number(uint64_t seed, const Draw& draw);

struct NextTokens {
  at::Tensor tokens_R;       // int64, on the device
  at::Tensor log_probs_R;    // float32, on the host, of the model itself: at temperature 1, not cut
  at::Tensor margins_R;      // float32, on the host: log p of the likeliest minus that of the second
  at::Tensor host_tokens_R;  // the tokens again, on the host
};

/// One token a row, none of the `forbidden`. Errors: ERR_NOT_FINITE where a row's logits are not numbers.
NextTokens next_tokens(const at::Tensor& hidden_RD, const at::Tensor& unembedding_VD,
                       const SamplingOptions& options, const std::vector<Draw>& draws_R,
                       const std::vector<int32_t>& forbidden);

}  // namespace w2s
