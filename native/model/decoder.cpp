#include "decoder.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/embedding.h>
#include <ATen/ops/empty.h>

#include "../nn/attention.h"

namespace w2s {

Decoder::Decoder(DecoderConfig config, const CheckedWeights& weights, const at::Device& device,
                 at::ScalarType compute_dtype, bool autograd)
    : config_(std::move(config)), compute_dtype_(compute_dtype) {
  const at::NoGradGuard no_grad;
  const std::vector<ExpectedTensor> expected = expected_tensors(config_);
  std::vector<FlatEntry> entries;
  for (const ExpectedTensor& tensor : expected) entries.push_back({tensor.shape, tensor.kind});
  layout_ = flat_layout(entries);
  flat_ = at::empty({layout_.size}, at::TensorOptions().dtype(at::kFloat).device(device));
  for (size_t i = 0; i < expected.size(); ++i) {
    at::Tensor tensor = flat_view(flat_, layout_.offsets[i], expected[i].shape).detach();
    tensor.copy_(weights.read(expected[i].name, device));
    tensor.set_requires_grad(autograd);
    parameters_.push_back({config_.names.base_prefix + expected[i].name, tensor, expected[i].kind});
  }
  token_embedding_ = find(config_.names.token_embedding + ".weight");
  if (config_.rotary) {
    rope_ = RopeTable(config_.rope, config_.head_dim, device);
  } else {
    position_embedding_ = find(config_.names.position_embedding + ".weight");
  }
  for (int64_t layer = 0; layer < config_.layers; ++layer) blocks_.push_back(make_block(layer));
  final_norm_ = norm(config_.names.final_norm);
}

at::Tensor Decoder::find(const std::string& name) const {
  const std::string full = config_.names.base_prefix + name;
  for (const Parameter& parameter : parameters_) {
    if (parameter.name == full) return parameter.tensor;
  }
  return {};
}

Linear Decoder::linear(const std::string& pattern, int64_t layer) const {
  if (pattern.empty()) return {};
  const std::string name = layer_name(pattern, layer);
  return {find(name + ".weight"), find(name + ".bias"), config_.input_major_weights};
}

Norm Decoder::norm(const std::string& name) const {
  return {config_.norm, config_.norm_epsilon, find(name + ".weight"), find(name + ".bias")};
}

Block Decoder::make_block(int64_t layer) const {
  const TensorNames& names = config_.names;
  Block block;
  block.attention_norm = norm(layer_name(names.attention_norm, layer));
  block.fused_qkv = linear(names.fused_qkv, layer);
  block.query = linear(names.query, layer);
  block.key = linear(names.key, layer);
  block.value = linear(names.value, layer);
  block.attention_out = linear(names.attention_out, layer);
  if (config_.query_key_norm) {
    block.query_norm = norm(layer_name(names.query_norm, layer));
    block.key_norm = norm(layer_name(names.key_norm, layer));
  }
  block.mlp_norm = norm(layer_name(names.mlp_norm, layer));
  block.mlp_gate = linear(names.mlp_gate, layer);
  block.mlp_up = linear(names.mlp_up, layer);
  block.mlp_down = linear(names.mlp_down, layer);
  return block;
}

Decoder Decoder::cast() const {
  const auto change = [&](at::Tensor& tensor) {
    if (tensor.defined()) tensor = tensor.detach().to(compute_dtype_);
  };
  Decoder copy(*this);
  change(copy.token_embedding_);
  change(copy.position_embedding_);
  const auto change_norm = [&](Norm& norm) {
    change(norm.weight);
    change(norm.bias);
  };
  for (Block& block : copy.blocks_) {
    for (Linear* linear : {&block.fused_qkv, &block.query, &block.key, &block.value, &block.attention_out,
                           &block.mlp_gate, &block.mlp_up, &block.mlp_down}) {
      change(linear->weight);
      change(linear->bias);
    }
    for (Norm* norm : {&block.attention_norm, &block.query_norm, &block.key_norm, &block.mlp_norm})
      change_norm(*norm);
  }
  change_norm(copy.final_norm_);
  return copy;
}

at::Tensor Decoder::hidden(const PackedBatch& batch) const {
  return hidden(batch.tokens_N, batch.positions_N, packed_attention(batch));
}

Attention Decoder::packed_attention(const PackedBatch& batch) const {
  return [this, &batch](int64_t layer, const at::Tensor& q_NHE, const at::Tensor& k_NGE,
                        const at::Tensor& v_NGE) {
    return causal_attention(q_NHE, k_NGE, v_NGE, batch, config_.windows[layer],
                            config_.attention_scales[layer]);
  };
}

at::Tensor Decoder::hidden(const at::Tensor& tokens_N, const at::Tensor& positions_N,
                           const Attention& attention) const {
  at::Tensor x_ND = at::embedding(token_embedding_, tokens_N).to(compute_dtype_);
  RopeRows rope;
  if (config_.rotary) {
    rope = rope_.rows(positions_N);
  } else {
    x_ND = x_ND + at::embedding(position_embedding_, positions_N).to(compute_dtype_);
  }
  for (int64_t layer = 0; layer < config_.layers; ++layer) {
    const Block& block = blocks_[layer];
    x_ND = x_ND + attend(block.attention_norm(x_ND), layer, rope, attention);
    x_ND = x_ND + feed_forward(block.mlp_norm(x_ND), block);
  }
  return final_norm_(x_ND).to(at::kFloat);
}

at::Tensor Decoder::attend(const at::Tensor& x_ND, int64_t layer, const RopeRows& rope,
                           const Attention& attention) const {
  const Block& block = blocks_[layer];
  const int64_t query_size = config_.heads * config_.head_dim;
  const int64_t kv_size = config_.kv_heads * config_.head_dim;
  at::Tensor q, k, v;
  if (block.fused_qkv.defined()) {
    const at::Tensor qkv = block.fused_qkv(x_ND);
    q = qkv.narrow(1, 0, query_size);
    k = qkv.narrow(1, query_size, kv_size);
    v = qkv.narrow(1, query_size + kv_size, kv_size);
  } else {
    q = block.query(x_ND);
    k = block.key(x_ND);
    v = block.value(x_ND);
  }
  at::Tensor q_NHE = q.unflatten(1, {config_.heads, config_.head_dim});
  at::Tensor k_NGE = k.unflatten(1, {config_.kv_heads, config_.head_dim});
  const at::Tensor v_NGE = v.unflatten(1, {config_.kv_heads, config_.head_dim});
  if (config_.query_key_norm) {
    q_NHE = block.query_norm(q_NHE);
    k_NGE = block.key_norm(k_NGE);
  }
  if (config_.rotary) {
    q_NHE = rotate(q_NHE, rope);
    k_NGE = rotate(k_NGE, rope);
  }
  return block.attention_out(attention(layer, q_NHE, k_NGE, v_NGE));
}

at::Tensor Decoder::feed_forward(const at::Tensor& x_ND, const Block& block) const {
  at::Tensor inner_NF = block.mlp_up(x_ND);
  if (block.mlp_gate.defined()) {
    inner_NF = activate(block.mlp_gate(x_ND), config_.activation) * inner_NF;
  } else {
    inner_NF = activate(inner_NF, config_.activation);
  }
  return block.mlp_down(inner_NF);
}

}  // namespace w2s
