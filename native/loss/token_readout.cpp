#include "token_readout.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>

#include <algorithm>

#include "readout_chunks.h"

namespace w2s {
namespace {

// Logits of a chunk: 64 MiB of float32 on a CPU; on a GPU 256, which takes that many rows to be busy. Of 1,024 rows
// [768] by 50,257 tokens on one core of a Zen 5, forward and backward: 1.41 s in 64 MiB, 1.50 in 26, 1.92 in 13, and
// 1.40 in one piece: fewer rows read the unembedding too often, more gain nothing.
constexpr int64_t kChunkElements = 1LL << 24, kChunkElementsOnDevice = 1LL << 26;

TokenScores empty_scores(const at::Tensor& hidden_TD, const at::Tensor& targets_T) {
  return {at::empty({hidden_TD.size(0)}, hidden_TD.options().dtype(at::kFloat)),
          at::empty({hidden_TD.size(0)}, targets_T.options())};
}

// With d_log_probs_T the chunk's logits become their gradient.
void score_chunk(const Readout& readout, const ReadoutChunks::Chunk& chunk, const at::Tensor& targets_T,
                 const at::Tensor& d_log_probs_T, const TokenScores& scores) {
  const Profile::Scope scope(readout.profile, Part::kLoss);
  const auto part = [&](const at::Tensor& x_T) {
    return x_T.defined() ? x_T.narrow(0, chunk.row, chunk.count) : x_T;
  };
  const ChunkScores found =
      readout.kernels.score_chunk(chunk.logits_CV, part(targets_T), part(d_log_probs_T));
  part(scores.log_probs_T).copy_(found.log_probs_C);
  part(scores.argmax_T).copy_(found.argmax_C);
}

}  // namespace

int64_t readout_chunk_rows(const at::Tensor& unembedding_VD) {
  const int64_t elements = unembedding_VD.is_cpu() ? kChunkElements : kChunkElementsOnDevice;
  return std::max<int64_t>(1, elements / unembedding_VD.size(0));
}

TokenScores score_tokens(const Readout& readout, const at::Tensor& hidden_TD, const at::Tensor& targets_T) {
  const at::NoGradGuard no_grad;
  TokenScores scores = empty_scores(hidden_TD, targets_T);
  ReadoutChunks(readout, hidden_TD).each([&](const ReadoutChunks::Chunk& chunk) {
    score_chunk(readout, chunk, targets_T, /*d_log_probs_T=*/{}, scores);
  });
  return scores;
}

TokenGradients backward_tokens(const Readout& readout, const at::Tensor& hidden_TD,
                               const at::Tensor& targets_T, const at::Tensor& d_log_probs_T,
                               UnembeddingGradient gradient) {
  const at::NoGradGuard no_grad;
  const TokenScores scores = empty_scores(hidden_TD, targets_T);
  const TokenGradients result{scores.log_probs_T, scores.argmax_T, at::empty_like(hidden_TD)};
  ReadoutChunks chunks(readout, hidden_TD);
  chunks.each([&](const ReadoutChunks::Chunk& chunk) {
    score_chunk(readout, chunk, targets_T, d_log_probs_T, scores);
    chunks.backward(chunk, gradient, result.d_hidden_TD);
  });
  if (gradient.fresh) gradient.d_unembedding_VD.zero_();  // no rows
  return result;
}

}  // namespace w2s
