// What the language model says of a few answer tokens after each sequence: label-token classification. By hand,
// as the target tokens are: an autograd graph would hold all logits, and a gradient as large as the
// unembedding for each micro-batch.
#pragma once

#include <ATen/core/Tensor.h>

#include "token_readout.h"

namespace w2s {

/// Among which tokens an answer is chosen.
enum class AnswerVocabulary {
  kRestricted,  // the K answers: logits as they are
  kFull,        // all: log-probabilities
};

/// Of each last hidden state the logits of answer tokens_K, or their log-probabilities over the vocabulary
/// [B, K].
at::Tensor answer_logits(const Readout& readout, const at::Tensor& hidden_BD, const at::Tensor& tokens_K,
                         AnswerVocabulary vocabulary);

/// What d loss / d logits [B, K] is for the hidden states and for the rows of the answers.
struct AnswerGradients {
  at::Tensor d_hidden_BD;
  at::Tensor d_rows_KD;
};

/// Where an answer is chosen among the answers alone: no other row of the unembedding has a gradient.
AnswerGradients backward_restricted_answers(const Readout& readout, const at::Tensor& hidden_BD,
                                            const at::Tensor& tokens_K, const at::Tensor& d_logits_BK);

/// Where it is chosen among all tokens: gives the unembedding its gradient and returns that of the hidden states
/// [B, D].
at::Tensor backward_full_answers(const Readout& readout, const at::Tensor& hidden_BD,
                                 const at::Tensor& tokens_K, const at::Tensor& d_logits_BK,
                                 UnembeddingGradient gradient);

}  // namespace w2s
