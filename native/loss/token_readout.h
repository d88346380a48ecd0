// Log-probabilities of target tokens through the unembedding, in row chunks, so that the logits are never
// held whole. Forward and backward are written by hand: an autograd graph would keep every chunk's logits
// alive.
#pragma once

#include <ATen/core/Tensor.h>

namespace w2s {

struct TokenScores {
  at::Tensor log_probs_T;  // float32
  at::Tensor argmax_T;     // int64, the likeliest token
};

/// Rows whose logits are held at a time.
int64_t readout_chunk_rows(const at::Tensor& unembedding_VD);

/// log softmax(hidden_TD · unembedding_VDᵀ) at targets_T, everything in float32.
TokenScores score_tokens(const at::Tensor& hidden_TD, const at::Tensor& unembedding_VD,
                         const at::Tensor& targets_T);

struct TokenGradients {
  at::Tensor log_probs_T;
  at::Tensor argmax_T;  // int64, the likeliest token
  at::Tensor d_hidden_TD;
};

/// The same with its backward in one pass: given d loss / d log p for every target, adds the unembedding's
/// gradient to `d_unembedding_VD` and returns that of the hidden states.
TokenGradients backward_tokens(const at::Tensor& hidden_TD, const at::Tensor& unembedding_VD,
                               const at::Tensor& targets_T, const at::Tensor& d_log_probs_T,
                               at::Tensor& d_unembedding_VD);

}  // namespace w2s
