#include "answer_readout.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/mm.h>

#include "readout_chunks.h"

namespace w2s {
namespace {

at::Tensor answer_rows(const Readout& readout, const at::Tensor& tokens_K) {
  return readout.unembedding_VD.index_select(0, tokens_K).to(at::kFloat);
}

// The first answer as each row's target: by it a chunk's kernel gives log Σ e^logit, and takes a gradient.
at::Tensor first_answer(const at::Tensor& tokens_K, int64_t rows) {
  return tokens_K.narrow(0, 0, 1).expand({rows}).contiguous();
}

}  // namespace

at::Tensor answer_logits(const Readout& readout, const at::Tensor& hidden_BD, const at::Tensor& tokens_K,
                         AnswerVocabulary vocabulary) {
  const at::NoGradGuard no_grad;
  if (vocabulary == AnswerVocabulary::kRestricted)
    return at::mm(hidden_BD, answer_rows(readout, tokens_K).t());
  at::Tensor logits_BK = at::empty({hidden_BD.size(0), tokens_K.size(0)}, hidden_BD.options());
  ReadoutChunks(readout, hidden_BD).each([&](const ReadoutChunks::Chunk& chunk) {
    const Profile::Scope scope(readout.profile, Part::kLoss);
    const at::Tensor log_prob_C =
        readout.kernels.score_chunk(chunk.logits_CV, first_answer(tokens_K, chunk.count), {}).log_probs_C;
    const at::Tensor answers_CK = chunk.logits_CV.index_select(1, tokens_K);
    const at::Tensor log_sum_C = answers_CK.select(1, 0) - log_prob_C;
    logits_BK.narrow(0, chunk.row, chunk.count).copy_(answers_CK - log_sum_C.unsqueeze(1));
  });
  return logits_BK;
}

AnswerGradients backward_restricted_answers(const Readout& readout, const at::Tensor& hidden_BD,
                                            const at::Tensor& tokens_K, const at::Tensor& d_logits_BK) {
  const at::NoGradGuard no_grad;
  return {at::mm(d_logits_BK, answer_rows(readout, tokens_K)), at::mm(d_logits_BK.t(), hidden_BD)};
}

// d log p(k) / d logits = onehot(k) − softmax: with s the sum of an example's gradients, the kernel gives
// s · (onehot(first) − softmax), and what is missing is each answer's own gradient, less s at the first.
at::Tensor backward_full_answers(const Readout& readout, const at::Tensor& hidden_BD,
                                 const at::Tensor& tokens_K, const at::Tensor& d_logits_BK,
                                 UnembeddingGradient gradient) {
  const at::NoGradGuard no_grad;
  const at::Tensor sum_B = d_logits_BK.sum(1);
  at::Tensor missing_BK = d_logits_BK.clone();
  missing_BK.select(1, 0).sub_(sum_B);
  at::Tensor d_hidden_BD = at::empty_like(hidden_BD);
  ReadoutChunks chunks(readout, hidden_BD);
  chunks.each([&](const ReadoutChunks::Chunk& chunk) {
    {
      const Profile::Scope scope(readout.profile, Part::kLoss);
      readout.kernels.score_chunk(chunk.logits_CV, first_answer(tokens_K, chunk.count),
                                  sum_B.narrow(0, chunk.row, chunk.count));
      at::Tensor d_logits_CV = chunk.logits_CV;
      d_logits_CV.index_add_(1, tokens_K, missing_BK.narrow(0, chunk.row, chunk.count));
    }
    chunks.backward(chunk, gradient, d_hidden_BD);
  });
  if (gradient.fresh) gradient.d_unembedding_VD.zero_();  // no rows
  return d_hidden_BD;
}

}  // namespace w2s
