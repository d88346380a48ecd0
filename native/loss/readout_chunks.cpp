#include "readout_chunks.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>

#include <algorithm>

#include "../nn/product.h"
#include "../round_up.h"

namespace w2s {
// Rows are rounded up as the pass rounds its own: a library that compiles a kernel for each shape then meets few.
ReadoutChunks::ReadoutChunks(const Readout& readout, const at::Tensor& hidden_TD)
    : readout_(readout),
      rows_(hidden_TD.size(0)),
      multiple_(product_row_multiple(hidden_TD.device())),
      step_(std::min(
          round_up(readout.chunk_rows > 0 ? readout.chunk_rows : readout_chunk_rows(readout.unembedding_VD),
                   multiple_),
          round_up(rows_, multiple_))) {
  const auto dtype = readout.unembedding_VD.scalar_type();
  const int64_t all = round_up(rows_, multiple_);
  if (all == rows_) {
    hidden_PD_ = hidden_TD.to(dtype);
  } else {
    hidden_PD_ = at::zeros({all, hidden_TD.size(1)}, hidden_TD.options().dtype(dtype));
    hidden_PD_.narrow(0, 0, rows_).copy_(hidden_TD);
  }
  logits_ =
      readout.kernels.empty({step_, readout.unembedding_VD.size(0)}, hidden_TD.options().dtype(at::kFloat));
}

int64_t ReadoutChunks::padded(int64_t row) const { return std::min(step_, hidden_PD_.size(0) - row); }

void ReadoutChunks::multiply(const at::Tensor& out, const at::Tensor& a, const at::Tensor& b,
                             bool accumulate) const {
  product(readout_.profile, out, a, b, accumulate);
}

ReadoutChunks::Chunk ReadoutChunks::logits(int64_t row) {
  multiply(logits_.narrow(0, 0, padded(row)), hidden_PD_.narrow(0, row, padded(row)),
           readout_.unembedding_VD.t(), /*accumulate=*/false);
  const int64_t count = std::min(step_, rows_ - row);
  return {row, count, logits_.narrow(0, 0, count)};
}

void ReadoutChunks::backward(const Chunk& chunk, UnembeddingGradient& gradient,
                             const at::Tensor& d_hidden_TD) {
  const int64_t count = padded(chunk.row);
  if (count > chunk.count) logits_.narrow(0, chunk.count, count - chunk.count).zero_();
  const auto dtype = readout_.unembedding_VD.scalar_type();
  const at::Tensor d_logits_CV = logits_.narrow(0, 0, count).to(dtype);
  if (!d_hidden_SD_.defined()) d_hidden_SD_ = at::empty({step_, hidden_PD_.size(1)}, hidden_PD_.options());
  const at::Tensor d_hidden_CD = d_hidden_SD_.narrow(0, 0, count);
  multiply(d_hidden_CD, d_logits_CV, readout_.unembedding_VD, /*accumulate=*/false);
  d_hidden_TD.narrow(0, chunk.row, chunk.count).copy_(d_hidden_CD.narrow(0, 0, chunk.count));
  multiply(gradient.d_unembedding_VD, d_logits_CV.t(), hidden_PD_.narrow(0, chunk.row, count),
           /*accumulate=*/!gradient.fresh);
  gradient.fresh = false;
}

}  // namespace w2s
