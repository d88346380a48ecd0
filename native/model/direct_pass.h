// The decoder's forward and backward written by hand: products by nn/product.h, everything else by Kernels. No
// autograd: activations that the backward needs are kept on a tape, gradients of parameters go straight into their
// flat buffer. Decoder::hidden is the reference that tests hold it against.
#pragma once

#include <ATen/core/Tensor.h>

#include <initializer_list>
#include <memory>
#include <vector>

#include "../kernels/kernels.h"
#include "../nn/packed.h"
#include "../nn/rope.h"
#include "../profile.h"
#include "decoder.h"
#include "direct_weights.h"
#include "gradients.h"
#include "tape.h"

namespace w2s {

class DirectPass {
 public:
  DirectPass(const Decoder& decoder, std::shared_ptr<const Kernels> kernels, Profile* profile);

  /// Final hidden states of the rows that the batch reads, [R, D] in the compute dtype. With a tape it keeps there
  /// what `backward` needs; without one it frees as it goes.
  at::Tensor forward(const PackedBatch& batch, Tape* tape);
  /// Adds the gradients of all parameters that d loss / d hidden [R, D], in the compute dtype, gives. Uses the tape up.
  void backward(const PackedBatch& batch, Tape& tape, const at::Tensor& d_hidden_RD, Gradients& gradients);

  /// Whether passes over batches like this one, which has offsets, may be recorded: see Kernels::records_attention.
  bool takes_recording(const PackedBatch& batch) const;
  /// Casts the masters where they were written to: what is recorded leaves that out.
  void refresh();
  /// The masters were written to: they are cast again before the next pass.
  void weights_changed() { stale_ = true; }

 private:
  // The residual stream: `x` and what is still to be added to it.
  struct Residual {
    at::Tensor x_ND;
    at::Tensor delta_ND, delta_bias_D;
  };
  // Which rows a block's queries are: all, or those that are read.
  struct Queries {
    const AttentionLayout& layout;
    at::Tensor rows_R;  // undefined: all
    at::Tensor cos_RE2, sin_RE2;
  };

  // A stretch of a linear map's outputs: what goes in, and the gradient of what came out.
  struct Flow {
    at::Tensor x_NI, d_y_NO;
  };

  at::Tensor embed(const PackedBatch& batch) const;
  Queries all_rows(const PackedBatch& batch, const Tape& tape) const;
  Queries read_rows(const PackedBatch& batch, const Tape& tape) const;
  Normed norm(Residual& residual, const DirectNorm& norm, bool keep) const;
  at::Tensor linear(const at::Tensor& x_NI, const DirectLinear& linear, int64_t first, int64_t count) const;
  void add_to(Residual& residual, const at::Tensor& x_NI, const DirectLinear& linear, bool keep) const;
  void attend(int64_t layer, const Queries& queries, const Tape& tape, BlockTape& kept) const;
  void project(const DirectBlock& block, const Queries& queries, BlockTape& kept) const;
  void norm_queries_and_keys(const DirectBlock& block, BlockTape& kept) const;
  void rotate(const Queries& queries, const Tape& tape, const at::Tensor& q_RHE, const at::Tensor& k_NGE,
              bool inverse) const;
  void feed_forward(const DirectBlock& block, BlockTape& kept) const;

  at::Tensor backward_block(int64_t layer, const Queries& queries, const Tape& tape, BlockTape& kept,
                            at::Tensor d_x_RD, Gradients& gradients) const;
  at::Tensor backward_mlp(const DirectBlock& block, BlockTape& kept, const at::Tensor& d_x_RD,
                          Gradients& gradients) const;
  at::Tensor backward_attention(int64_t layer, const Queries& queries, const Tape& tape, BlockTape& kept,
                                const at::Tensor& d_x_RD, Gradients& gradients) const;
  void backward_head_norms(const DirectBlock& block, const BlockTape& kept, const at::Tensor& d_q_RHE,
                           const at::Tensor& d_k_NGE, Gradients& gradients) const;
  at::Tensor backward_norm(const at::Tensor& d_y_ND, const at::Tensor& x_ND, const Normed& normed,
                           const DirectNorm& norm, const at::Tensor& d_x_ND, Gradients& gradients) const;
  void backward_embedding(const PackedBatch& batch, const at::Tensor& d_x_ND, Gradients& gradients) const;
  at::Tensor backward_linear(const DirectLinear& linear, const Flow& flow, Gradients& gradients,
                             bool with_bias) const;
  void add_linear_gradients(const DirectLinear& linear, std::initializer_list<Flow> flows,
                            Gradients& gradients, bool with_bias) const;

  at::Tensor empty_like(const at::Tensor& x) const;
  void multiply(const at::Tensor& out, const at::Tensor& a, const at::Tensor& b, bool accumulate) const;
  Profile::Scope time(Part part) const { return {profile_, part}; }

  const DecoderConfig& config_;
  std::shared_ptr<const Kernels> kernels_;
  Profile* profile_;
  at::ScalarType compute_dtype_;
  DirectWeights weights_;
  bool stale_ = true;
  at::Tensor token_embedding_, position_embedding_;
  size_t token_place_ = 0, position_place_ = 0;
  const RopeTable& rope_;
};

}  // namespace w2s
