// The forward half of the hand-written pass.
#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>

#include "../nn/product.h"
#include "direct_pass.h"

namespace w2s {

DirectPass::DirectPass(const Decoder& decoder, std::shared_ptr<const Kernels> kernels, Profile* profile)
    : config_(decoder.config()),
      kernels_(std::move(kernels)),
      profile_(profile),
      compute_dtype_(decoder.compute_dtype()),
      weights_(decoder.config(), decoder.parameters(), decoder.flat(), decoder.layout(), compute_dtype_),
      rope_(decoder.rope()) {
  const std::string& prefix = config_.names.base_prefix;
  for (size_t i = 0; i < decoder.parameters().size(); ++i) {
    const Parameter& parameter = decoder.parameters()[i];
    if (parameter.name == prefix + config_.names.token_embedding + ".weight") {
      token_embedding_ = parameter.tensor;
      token_place_ = i;
    } else if (!config_.rotary && parameter.name == prefix + config_.names.position_embedding + ".weight") {
      position_embedding_ = parameter.tensor;
      position_place_ = i;
    }
  }
}

at::Tensor DirectPass::empty_like(const at::Tensor& x) const {
  return kernels_->empty(x.sizes(), x.options());
}

void DirectPass::multiply(const at::Tensor& out, const at::Tensor& a, const at::Tensor& b,
                          bool accumulate) const {
  product(profile_, out, a, b, accumulate);
}

at::Tensor DirectPass::embed(const PackedBatch& batch) const {
  const Profile::Scope scope = time(Part::kEmbedding);
  const at::Tensor x_ND = token_embedding_.index_select(0, batch.tokens_N).to(compute_dtype_);
  if (config_.rotary) return x_ND;
  return x_ND + position_embedding_.index_select(0, batch.positions_N).to(compute_dtype_);
}

DirectPass::Queries DirectPass::all_rows(const PackedBatch& batch, const Tape& tape) const {
  return {batch.all, {}, tape.cos_NE2, tape.sin_NE2};
}

DirectPass::Queries DirectPass::read_rows(const PackedBatch& batch, const Tape& tape) const {
  return {batch.read, batch.read_rows_R, tape.cos_RE2, tape.sin_RE2};
}

bool DirectPass::takes_recording(const PackedBatch& batch) const {
  const at::Tensor q_QHE =
      at::empty({0, config_.heads, config_.head_dim}, token_embedding_.options().dtype(compute_dtype_));
  for (int64_t layer = 0; layer < config_.layers; ++layer) {
    const AttentionLayout& layout = layer + 1 == config_.layers ? batch.read : batch.all;
    if (!kernels_->records_attention({layout, config_.windows[layer], config_.attention_scales[layer]},
                                     q_QHE))
      return false;
  }
  return true;
}

void DirectPass::refresh() {
  if (stale_) weights_.refresh();
  stale_ = false;
}

at::Tensor DirectPass::forward(const PackedBatch& batch, Tape* tape) {
  const at::NoGradGuard no_grad;
  refresh();
  Tape own;
  Tape& kept = tape ? *tape : own;
  const bool keep = tape != nullptr;
  const int64_t rows = batch.read_rows_R.size(0);
  if (rows == 0) return at::empty({0, config_.hidden_size}, token_embedding_.options().dtype(compute_dtype_));
  if (config_.rotary) {
    const Profile::Scope scope = time(Part::kRotary);
    rope_.halves(batch.positions_N, kept.cos_NE2, kept.sin_NE2);
    kept.cos_RE2 = kept.cos_NE2.index_select(0, batch.read_rows_R);
    kept.sin_RE2 = kept.sin_NE2.index_select(0, batch.read_rows_R);
  }
  Residual residual;
  residual.x_ND = embed(batch);
  for (int64_t layer = 0; layer < config_.layers; ++layer) {
    const bool last = layer + 1 == config_.layers;
    const Queries queries = last ? read_rows(batch, kept) : all_rows(batch, kept);
    const DirectBlock& block = weights_.blocks()[layer];
    BlockTape used;
    used.normed = norm(residual, block.attention_norm, keep);
    used.x_ND = residual.x_ND;
    attend(layer, queries, kept, used);
    // From here on the last block computes only what is read.
    if (queries.rows_R.defined()) residual.x_ND = residual.x_ND.index_select(0, queries.rows_R);
    add_to(residual, used.attended.out_QD, block.attention_out, keep);
    used.mlp_normed = norm(residual, block.mlp_norm, keep);
    used.x_RD = residual.x_ND;
    feed_forward(block, used);
    add_to(residual, used.inner_RF, block.mlp_down, keep);
    if (keep) kept.blocks.push_back(std::move(used));
  }
  kept.final_normed = norm(residual, weights_.final_norm(), keep);
  kept.x_RD = residual.x_ND;
  return kept.final_normed.out_ND;
}

// Adds what waits to the residual and norms the sum. A tape keeps the residual before it: the sum then takes the
// place of what was added, which nobody needs again.
Normed DirectPass::norm(Residual& residual, const DirectNorm& norm, bool keep) const {
  const Profile::Scope scope = time(Part::kNorms);
  if (keep && residual.delta_ND.defined()) std::swap(residual.x_ND, residual.delta_ND);
  Normed normed =
      kernels_->residual_norm(residual.x_ND, residual.delta_ND, residual.delta_bias_D, norm.weights);
  residual.delta_ND = at::Tensor();
  residual.delta_bias_D = at::Tensor();
  return normed;
}

// Outputs [first, first + count) of a linear map, with their bias.
at::Tensor DirectPass::linear(const at::Tensor& x_NI, const DirectLinear& linear, int64_t first,
                              int64_t count) const {
  at::Tensor y_NO = kernels_->empty({x_NI.size(0), count}, x_NI.options());
  if (linear.bias_O.defined()) {
    const Profile::Scope scope = time(Part::kProducts);
    y_NO.copy_(linear.bias_O.narrow(0, first, count).expand_as(y_NO));
  }
  multiply(y_NO, x_NI, linear.weight_IO.narrow(1, first, count), linear.bias_O.defined());
  return y_NO;
}

// The next norm adds the bias.
void DirectPass::add_to(Residual& residual, const at::Tensor& x_NI, const DirectLinear& linear,
                        bool keep) const {
  if (keep) {
    residual.delta_ND = empty_like(residual.x_ND);
    multiply(residual.delta_ND, x_NI, linear.weight_IO, /*accumulate=*/false);
  } else {
    multiply(residual.x_ND, x_NI, linear.weight_IO, /*accumulate=*/true);
  }
  residual.delta_bias_D = linear.bias_O;
}

void DirectPass::project(const DirectBlock& block, const Queries& queries, BlockTape& kept) const {
  const int64_t q_size = config_.heads * config_.head_dim, k_size = config_.kv_heads * config_.head_dim;
  at::Tensor q, kv;
  if (queries.rows_R.defined()) {
    kept.queried = kept.normed.out_ND.index_select(0, queries.rows_R);
    q = linear(kept.queried, block.qkv, 0, q_size);
    kv = linear(kept.normed.out_ND, block.qkv, q_size, 2 * k_size);
  } else {
    kept.queried = kept.normed.out_ND;
    const at::Tensor qkv = linear(kept.queried, block.qkv, 0, q_size + 2 * k_size);
    q = qkv.narrow(1, 0, q_size);
    kv = qkv.narrow(1, q_size, 2 * k_size);
  }
  kept.q_RHE = q.unflatten(1, {config_.heads, config_.head_dim});
  kept.k_NGE = kv.narrow(1, 0, k_size).unflatten(1, {config_.kv_heads, config_.head_dim});
  kept.v_NGE = kv.narrow(1, k_size, k_size).unflatten(1, {config_.kv_heads, config_.head_dim});
}

void DirectPass::norm_queries_and_keys(const DirectBlock& block, BlockTape& kept) const {
  const Profile::Scope scope = time(Part::kNorms);
  const auto normed = [this](at::Tensor& x_NHE, at::Tensor& bare, const DirectNorm& norm) {
    bare = x_NHE.contiguous().view({-1, config_.head_dim});
    Normed result = kernels_->residual_norm(bare, {}, {}, norm.weights);
    x_NHE = result.out_ND.view(x_NHE.sizes());
    return result;
  };
  kept.normed_q = normed(kept.q_RHE, kept.bare_q, block.query_norm);
  kept.normed_k = normed(kept.k_NGE, kept.bare_k, block.key_norm);
}

// Queries and keys in place.
void DirectPass::rotate(const Queries& queries, const Tape& tape, const at::Tensor& q_RHE,
                        const at::Tensor& k_NGE, bool inverse) const {
  const Profile::Scope scope = time(Part::kRotary);
  kernels_->rotate(q_RHE, queries.cos_RE2, queries.sin_RE2, inverse);
  kernels_->rotate(k_NGE, tape.cos_NE2, tape.sin_NE2, inverse);
}

void DirectPass::attend(int64_t layer, const Queries& queries, const Tape& tape, BlockTape& kept) const {
  const DirectBlock& block = weights_.blocks()[layer];
  project(block, queries, kept);
  if (config_.query_key_norm) norm_queries_and_keys(block, kept);
  if (config_.rotary) rotate(queries, tape, kept.q_RHE, kept.k_NGE, /*inverse=*/false);
  const Profile::Scope scope = time(Part::kAttention);
  const AttentionCall call{queries.layout, config_.windows[layer], config_.attention_scales[layer]};
  kept.attended = kernels_->attention(call, kept.q_RHE, kept.k_NGE, kept.v_NGE);
}

void DirectPass::feed_forward(const DirectBlock& block, BlockTape& kept) const {
  const bool gated = !config_.names.mlp_gate.empty();
  const at::Tensor& x_RD = kept.mlp_normed.out_ND;
  if (gated) {
    kept.mlp_in = linear(x_RD, block.mlp_in, 0, block.mlp_in.out());
  } else {
    kept.mlp_in = kernels_->empty({x_RD.size(0), block.mlp_in.out()}, x_RD.options());
    multiply(kept.mlp_in, x_RD, block.mlp_in.weight_IO, /*accumulate=*/false);
  }
  const Profile::Scope scope = time(Part::kActivation);
  kept.inner_RF = gated ? kernels_->gated(kept.mlp_in, config_.activation)
                        : kernels_->activation(kept.mlp_in, block.mlp_in.bias_O, config_.activation);
}

}  // namespace w2s
