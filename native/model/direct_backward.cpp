// The backward half of the hand-written pass: the forward's steps in reverse.
#include <ATen/core/grad_mode.h>

#include "../nn/product.h"
#include "direct_pass.h"

namespace w2s {

void DirectPass::backward(const PackedBatch& batch, Tape& tape, const at::Tensor& d_hidden_RD,
                          Gradients& gradients) {
  const at::NoGradGuard no_grad;
  if (d_hidden_RD.size(0) == 0) return;
  at::Tensor d_x =
      backward_norm(d_hidden_RD, tape.x_RD, tape.final_normed, weights_.final_norm(), {}, gradients);
  for (int64_t layer = config_.layers - 1; layer >= 0; --layer) {
    const bool last = layer + 1 == config_.layers;
    const Queries queries = last ? read_rows(batch, tape) : all_rows(batch, tape);
    d_x = backward_block(layer, queries, tape, tape.blocks.back(), d_x, gradients);
    tape.blocks.pop_back();
  }
  backward_embedding(batch, d_x, gradients);
}

// Of the residual after a block [R, D] to that before it [N, D].
at::Tensor DirectPass::backward_block(int64_t layer, const Queries& queries, const Tape& tape,
                                      BlockTape& kept, at::Tensor d_x_RD, Gradients& gradients) const {
  const DirectBlock& block = weights_.blocks()[layer];
  const at::Tensor d_mlp = backward_mlp(block, kept, d_x_RD, gradients);
  d_x_RD = backward_norm(d_mlp, kept.x_RD, kept.mlp_normed, block.mlp_norm, d_x_RD, gradients);
  const at::Tensor d_normed_ND = backward_attention(layer, queries, tape, kept, d_x_RD, gradients);
  at::Tensor d_x_ND = d_x_RD;
  if (queries.rows_R.defined()) {
    d_x_ND = empty_like(kept.x_ND).zero_();
    d_x_ND.index_copy_(0, queries.rows_R, d_x_RD);
  }
  return backward_norm(d_normed_ND, kept.x_ND, kept.normed, block.attention_norm, d_x_ND, gradients);
}

at::Tensor DirectPass::backward_mlp(const DirectBlock& block, BlockTape& kept, const at::Tensor& d_x_RD,
                                    Gradients& gradients) const {
  const bool gated = !config_.names.mlp_gate.empty();
  const at::Tensor d_inner_RF =
      backward_linear(block.mlp_down, {kept.inner_RF, d_x_RD}, gradients, /*with_bias=*/true);
  at::Tensor d_in;
  {
    const Profile::Scope scope = time(Part::kActivation);
    if (gated) {
      d_in = kernels_->gated_backward(d_inner_RF, kept.mlp_in, config_.activation);
    } else {
      const at::Tensor d_bias =
          block.mlp_in.biases.empty() ? at::Tensor() : gradients.accumulator(block.mlp_in.biases);
      d_in = kernels_->activation_backward(d_inner_RF, kept.mlp_in, block.mlp_in.bias_O, config_.activation,
                                           d_bias);
    }
  }
  return backward_linear(block.mlp_in, {kept.mlp_normed.out_ND, d_in}, gradients, /*with_bias=*/gated);
}

// To what was normed before queries, keys and values [N, D].
at::Tensor DirectPass::backward_attention(int64_t layer, const Queries& queries, const Tape& tape,
                                          BlockTape& kept, const at::Tensor& d_x_RD,
                                          Gradients& gradients) const {
  const DirectBlock& block = weights_.blocks()[layer];
  const at::Tensor d_out =
      backward_linear(block.attention_out, {kept.attended.out_QD, d_x_RD}, gradients, /*with_bias=*/true);
  const int64_t rows = kept.k_NGE.size(0), q_size = config_.heads * config_.head_dim;
  const int64_t k_size = config_.kv_heads * config_.head_dim;
  const bool all = !queries.rows_R.defined();
  const at::Tensor d_qkv = kernels_->empty({rows, (all ? q_size : 0) + 2 * k_size}, d_out.options());
  const at::Tensor d_q =
      all ? d_qkv.narrow(1, 0, q_size) : kernels_->empty({kept.q_RHE.size(0), q_size}, d_out.options());
  const at::Tensor d_kv = d_qkv.narrow(1, all ? q_size : 0, 2 * k_size);
  const at::Tensor d_q_RHE = d_q.unflatten(1, {config_.heads, config_.head_dim});
  const at::Tensor d_k_NGE = d_kv.narrow(1, 0, k_size).unflatten(1, {config_.kv_heads, config_.head_dim});
  const at::Tensor d_v_NGE =
      d_kv.narrow(1, k_size, k_size).unflatten(1, {config_.kv_heads, config_.head_dim});
  {
    const Profile::Scope scope = time(Part::kAttention);
    const AttentionCall call{queries.layout, config_.windows[layer], config_.attention_scales[layer]};
    kernels_->attention_backward(call, kept.q_RHE, kept.k_NGE, kept.v_NGE, kept.attended, d_out, d_q_RHE,
                                 d_k_NGE, d_v_NGE);
  }
  if (config_.rotary) rotate(queries, tape, d_q_RHE, d_k_NGE, /*inverse=*/true);
  if (config_.query_key_norm) backward_head_norms(block, kept, d_q_RHE, d_k_NGE, gradients);
  if (all) return backward_linear(block.qkv, {kept.normed.out_ND, d_qkv}, gradients, /*with_bias=*/true);

  add_linear_gradients(block.qkv, {{kept.queried, d_q}, {kept.normed.out_ND, d_kv}}, gradients,
                       /*with_bias=*/true);
  at::Tensor d_ND = empty_like(kept.normed.out_ND), d_RD = empty_like(kept.queried);
  multiply(d_ND, d_kv, block.qkv.weight_IO.narrow(1, q_size, 2 * k_size).t(), /*accumulate=*/false);
  multiply(d_RD, d_q, block.qkv.weight_IO.narrow(1, 0, q_size).t(), /*accumulate=*/false);
  return d_ND.index_add_(0, queries.rows_R, d_RD);  // each row once
}

// In place, from normed and rotated queries and keys to bare ones.
void DirectPass::backward_head_norms(const DirectBlock& block, const BlockTape& kept,
                                     const at::Tensor& d_q_RHE, const at::Tensor& d_k_NGE,
                                     Gradients& gradients) const {
  const auto through = [&](at::Tensor d_NHE, const at::Tensor& bare, const Normed& normed,
                           const DirectNorm& norm) {
    const at::Tensor d = d_NHE.contiguous().view({-1, config_.head_dim});
    d_NHE.copy_(backward_norm(d, bare, normed, norm, {}, gradients).view(d_NHE.sizes()));
  };
  through(d_q_RHE, kept.bare_q, kept.normed_q, block.query_norm);
  through(d_k_NGE, kept.bare_k, kept.normed_k, block.key_norm);
}

at::Tensor DirectPass::backward_norm(const at::Tensor& d_y_ND, const at::Tensor& x_ND, const Normed& normed,
                                     const DirectNorm& norm, const at::Tensor& d_x_ND,
                                     Gradients& gradients) const {
  const Profile::Scope scope = time(Part::kNorms);
  const at::Tensor d_bias =
      norm.weights.kind == NormKind::kLayerNorm ? gradients.accumulator(norm.bias) : at::Tensor();
  return kernels_->norm_backward(d_y_ND, x_ND, normed, norm.weights, d_x_ND,
                                 gradients.accumulator(norm.weight), d_bias);
}

// Adds the gradients of a linear map's parameters and gives that of its input.
at::Tensor DirectPass::backward_linear(const DirectLinear& linear, const Flow& flow, Gradients& gradients,
                                       bool with_bias) const {
  add_linear_gradients(linear, {flow}, gradients, with_bias);
  at::Tensor d_x_NI = empty_like(flow.x_NI);
  multiply(d_x_NI, flow.d_y_NO, linear.weight_IO.t(), /*accumulate=*/false);
  return d_x_NI;
}

// The flows' outputs lie side by side and together are all of them.
void DirectPass::add_linear_gradients(const DirectLinear& linear, std::initializer_list<Flow> flows,
                                      Gradients& gradients, bool with_bias) const {
  const Gradients::Target target = gradients.target(linear.weights);
  const at::Tensor d_weight_IO = linear.input_major ? target.tensor : target.tensor.t();
  int64_t first = 0;
  for (const Flow& flow : flows) {
    const int64_t count = flow.d_y_NO.size(1);
    multiply(d_weight_IO.narrow(1, first, count), flow.x_NI.t(), flow.d_y_NO, !target.fresh);
    first += count;
  }
  if (!with_bias || linear.biases.empty()) return;
  const Profile::Scope scope = time(Part::kNorms);
  const at::Tensor d_bias_O = gradients.accumulator(linear.biases);
  first = 0;
  for (const Flow& flow : flows) {
    const int64_t count = flow.d_y_NO.size(1);
    kernels_->add_column_sums(flow.d_y_NO, d_bias_O.narrow(0, first, count));
    first += count;
  }
}

void DirectPass::backward_embedding(const PackedBatch& batch, const at::Tensor& d_x_ND,
                                    Gradients& gradients) const {
  const Profile::Scope scope = time(Part::kEmbedding);
  gradients.add_rows(token_place_, batch.tokens_N, d_x_ND);
  if (!config_.rotary) gradients.add_rows(position_place_, batch.positions_N, d_x_ND);
}

}  // namespace w2s
