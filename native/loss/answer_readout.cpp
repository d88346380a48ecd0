#include "answer_readout.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/softmax.h>

#include <algorithm>

#include "token_readout.h"

namespace w2s {

at::Tensor answer_logits(const at::Tensor& hidden_BD, const at::Tensor& unembedding_VD,
                         const at::Tensor& tokens_K, AnswerVocabulary vocabulary) {
  const at::NoGradGuard no_grad;
  if (vocabulary == AnswerVocabulary::kRestricted)
    return at::mm(hidden_BD, unembedding_VD.index_select(0, tokens_K).t());
  const int64_t rows = hidden_BD.size(0), step = readout_chunk_rows(unembedding_VD);
  at::Tensor logits_BK = at::empty({rows, tokens_K.size(0)}, hidden_BD.options());
  for (int64_t row = 0; row < rows; row += step) {
    const int64_t count = std::min(step, rows - row);
    const at::Tensor logits_CV = at::mm(hidden_BD.narrow(0, row, count), unembedding_VD.t());
    logits_BK.narrow(0, row, count).copy_(at::log_softmax(logits_CV, 1).index_select(1, tokens_K));
  }
  return logits_BK;
}

at::Tensor backward_answers(const at::Tensor& hidden_BD, const at::Tensor& unembedding_VD,
                            const at::Tensor& tokens_K, AnswerVocabulary vocabulary,
                            const at::Tensor& d_logits_BK, at::Tensor& d_unembedding_VD) {
  const at::NoGradGuard no_grad;
  if (vocabulary == AnswerVocabulary::kRestricted) {
    d_unembedding_VD.index_add_(0, tokens_K, at::mm(d_logits_BK.t(), hidden_BD));
    return at::mm(d_logits_BK, unembedding_VD.index_select(0, tokens_K));
  }
  const int64_t rows = hidden_BD.size(0), step = readout_chunk_rows(unembedding_VD);
  at::Tensor d_hidden_BD = at::empty_like(hidden_BD);
  for (int64_t row = 0; row < rows; row += step) {
    const int64_t count = std::min(step, rows - row);
    const at::Tensor hidden_CD = hidden_BD.narrow(0, row, count);
    const at::Tensor d_logits_CK = d_logits_BK.narrow(0, row, count);
    // d log p(k) / d logits = onehot(k) − softmax
    at::Tensor d_logits_CV = at::softmax(at::mm(hidden_CD, unembedding_VD.t()), 1);
    d_logits_CV.mul_(-d_logits_CK.sum(1, /*keepdim=*/true));
    d_logits_CV.index_add_(1, tokens_K, d_logits_CK);
    d_hidden_BD.narrow(0, row, count).copy_(at::mm(d_logits_CV, unembedding_VD));
    d_unembedding_VD.addmm_(d_logits_CV.t(), hidden_CD);
  }
  return d_hidden_BD;
}

}  // namespace w2s
