// The rows of a read-out in chunks: logits of one chunk at a time, in memory that all of them share.
#pragma once

#include <ATen/core/Tensor.h>

#include "token_readout.h"

namespace w2s {

class ReadoutChunks {
 public:
  ReadoutChunks(const Readout& readout, const at::Tensor& hidden_TD);

  struct Chunk {
    int64_t row, count;
    at::Tensor logits_CV;  // float32 [count, V]; valid until the next chunk's
  };
  /// Calls `visit(Chunk)` for each chunk in order.
  template <class Visit>
  void each(Visit visit) {
    for (int64_t row = 0; row < rows_; row += step_) visit(logits(row));
  }

  /// After the visitor has overwritten the chunk's logits by their gradient: gives the unembedding its gradient and
  /// writes that of the chunk's hidden states to d_hidden_TD.
  void backward(const Chunk& chunk, UnembeddingGradient& gradient, const at::Tensor& d_hidden_TD);

 private:
  Chunk logits(int64_t row);
  // Rows of the chunk at `row`, those that only round it up included.
  int64_t padded(int64_t row) const;
  void multiply(const at::Tensor& out, const at::Tensor& a, const at::Tensor& b, bool accumulate) const;

  const Readout& readout_;
  int64_t rows_, multiple_, step_;
  at::Tensor hidden_PD_;    // in the unembedding's dtype, with zeros up to a multiple of rows
  at::Tensor logits_;       // [step, V]
  at::Tensor d_hidden_SD_;  // [step, D]
};

}  // namespace w2s
