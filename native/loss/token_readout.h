// Log-probabilities of target tokens through the unembedding, in row chunks, so that the logits are never
// held whole. Forward and backward are written by hand: an autograd graph would keep every chunk's logits
// alive.
#pragma once

#include <ATen/core/Tensor.h>

#include "../kernels/kernels.h"
#include "../profile.h"

namespace w2s {

/// The unembedding, and what works on its logits. Products are in the unembedding's dtype; logits and hidden states
/// are float32.
struct Readout {
  const Kernels& kernels;
  at::Tensor unembedding_VD;
  Profile* profile = nullptr;
  /// Rows whose logits are held at a time; 0: as many as suit the device.
  int64_t chunk_rows = 0;
};

/// The unembedding's gradient, float32. `fresh`: overwrite it, else add.
struct UnembeddingGradient {
  at::Tensor d_unembedding_VD;
  bool fresh = false;
};

struct TokenScores {
  at::Tensor log_probs_T;  // float32
  at::Tensor argmax_T;     // int64, the likeliest token
};

/// Rows of a chunk unless they are given.
int64_t readout_chunk_rows(const at::Tensor& unembedding_VD);

/// log softmax(hidden_TD · unembedding_VDᵀ) at targets_T.
TokenScores score_tokens(const Readout& readout, const at::Tensor& hidden_TD, const at::Tensor& targets_T);

struct TokenGradients {
  at::Tensor log_probs_T;
  at::Tensor argmax_T;  // int64, the likeliest token
  at::Tensor d_hidden_TD;
};

/// The same with its backward in one pass: given d loss / d log p for every target, gives the unembedding its gradient
/// and returns that of the hidden states.
TokenGradients backward_tokens(const Readout& readout, const at::Tensor& hidden_TD,
                               const at::Tensor& targets_T, const at::Tensor& d_log_probs_T,
                               UnembeddingGradient gradient);

}  // namespace w2s
