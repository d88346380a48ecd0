// What the language model says of a few answer tokens after each sequence: label-token classification. By hand,
// as the target tokens are: an autograd graph would hold all logits, and a gradient as large as the
// unembedding for each micro-batch.
#pragma once

#include <ATen/core/Tensor.h>

namespace w2s {

/// Among which tokens an answer is chosen.
enum class AnswerVocabulary {
  kRestricted,  // the K answers: logits as they are
  kFull,        // all: log-probabilities
};

/// Of each last hidden state the logits of answer tokens_K, or their log-probabilities over the vocabulary
/// [B, K].
at::Tensor answer_logits(const at::Tensor& hidden_BD, const at::Tensor& unembedding_VD,
                         const at::Tensor& tokens_K, AnswerVocabulary vocabulary);

/// Given d loss / d logits [B, K], adds the unembedding's gradient to `d_unembedding_VD` and returns that of
/// the hidden states [B, D].
at::Tensor backward_answers(const at::Tensor& hidden_BD, const at::Tensor& unembedding_VD,
                            const at::Tensor& tokens_K, AnswerVocabulary vocabulary,
                            const at::Tensor& d_logits_BK, at::Tensor& d_unembedding_VD);

}  // namespace w2s
