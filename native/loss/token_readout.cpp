#include "token_readout.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/argmax.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/zeros.h>

#include <algorithm>

namespace w2s {
namespace {

// 64 MiB of float32 logits a chunk.
constexpr int64_t kChunkElements = 1LL << 24;

at::Tensor log_probabilities(const at::Tensor& hidden_CD, const at::Tensor& unembedding_VD) {
  return at::log_softmax(at::mm(hidden_CD, unembedding_VD.t()), 1);
}

}  // namespace

int64_t readout_chunk_rows(const at::Tensor& unembedding_VD) {
  return std::max<int64_t>(1, kChunkElements / unembedding_VD.size(0));
}

TokenScores score_tokens(const at::Tensor& hidden_TD, const at::Tensor& unembedding_VD,
                         const at::Tensor& targets_T) {
  const at::NoGradGuard no_grad;
  const int64_t rows = hidden_TD.size(0);
  TokenScores scores{at::empty({rows}, hidden_TD.options()), at::empty({rows}, targets_T.options())};
  const int64_t step = readout_chunk_rows(unembedding_VD);
  for (int64_t row = 0; row < rows; row += step) {
    const int64_t count = std::min(step, rows - row);
    const at::Tensor log_probs_CV = log_probabilities(hidden_TD.narrow(0, row, count), unembedding_VD);
    const at::Tensor targets_C1 = targets_T.narrow(0, row, count).unsqueeze(1);
    scores.log_probs_T.narrow(0, row, count).copy_(log_probs_CV.gather(1, targets_C1).squeeze(1));
    scores.argmax_T.narrow(0, row, count).copy_(at::argmax(log_probs_CV, 1));
  }
  return scores;
}

TokenGradients backward_tokens(const at::Tensor& hidden_TD, const at::Tensor& unembedding_VD,
                               const at::Tensor& targets_T, const at::Tensor& d_log_probs_T,
                               at::Tensor& d_unembedding_VD) {
  const at::NoGradGuard no_grad;
  const int64_t rows = hidden_TD.size(0);
  TokenGradients result{at::empty({rows}, hidden_TD.options()), at::empty({rows}, targets_T.options()),
                        at::empty_like(hidden_TD)};
  const int64_t step = readout_chunk_rows(unembedding_VD);
  for (int64_t row = 0; row < rows; row += step) {
    const int64_t count = std::min(step, rows - row);
    const at::Tensor hidden_CD = hidden_TD.narrow(0, row, count);
    const at::Tensor targets_C1 = targets_T.narrow(0, row, count).unsqueeze(1);
    const at::Tensor d_C1 = d_log_probs_T.narrow(0, row, count).unsqueeze(1);
    at::Tensor log_probs_CV = log_probabilities(hidden_CD, unembedding_VD);
    result.log_probs_T.narrow(0, row, count).copy_(log_probs_CV.gather(1, targets_C1).squeeze(1));
    result.argmax_T.narrow(0, row, count).copy_(at::argmax(log_probs_CV, 1));
    // d log p(y) / d logits = onehot(y) − softmax
    at::Tensor d_logits_CV = log_probs_CV.exp_().mul_(d_C1.neg());
    d_logits_CV.scatter_add_(1, targets_C1, d_C1);
    result.d_hidden_TD.narrow(0, row, count).copy_(at::mm(d_logits_CV, unembedding_VD));
    d_unembedding_VD.addmm_(d_logits_CV.t(), hidden_CD);
  }
  return result;
}

}  // namespace w2s
