// One pre-norm decoder for every family: embeddings, blocks of attention and MLP, a final norm.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <vector>

#include "../nn/layers.h"
#include "../nn/packed.h"
#include "../nn/rope.h"
#include "config.h"
#include "flat.h"
#include "parameters.h"

namespace w2s {

struct Block {
  Norm attention_norm;
  Linear fused_qkv;  // defined, or the three below are
  Linear query, key, value;
  Linear attention_out;
  Norm query_norm, key_norm;  // weight undefined: none
  Norm mlp_norm;
  Linear mlp_gate;  // undefined: a plain MLP
  Linear mlp_up, mlp_down;
};

/// What a layer's heads read, [N, H·E], given its queries [N, H, E], keys and values [N, G, E], rotated
/// already. Whoever calls decides what each query may see.
using Attention = std::function<at::Tensor(int64_t layer, const at::Tensor& q_NHE, const at::Tensor& k_NGE,
                                           const at::Tensor& v_NGE)>;

class Decoder {
 public:
  /// With `autograd` the parameters take part in graphs, as the reference pass needs it.
  Decoder(DecoderConfig config, const CheckedWeights& weights, const at::Device& device,
          at::ScalarType compute_dtype, bool autograd);

  /// Hidden states after the final norm, [N, D] float32.
  at::Tensor hidden(const PackedBatch& batch) const;
  /// The same for tokens at any positions, both int64 [N], with an attention of the caller's.
  at::Tensor hidden(const at::Tensor& tokens_N, const at::Tensor& positions_N,
                    const Attention& attention) const;
  /// Causal attention within each sequence of a batch; refers to both.
  Attention packed_attention(const PackedBatch& batch) const;

  /// A decoder whose weights are cast once instead of at every use: the same bits, for many short passes
  /// without gradients. Costs a copy of the weights in the compute dtype; in float32 it shares them.
  Decoder cast() const;

  const DecoderConfig& config() const { return config_; }
  const at::Tensor& token_embedding() const { return token_embedding_; }
  /// Undefined where positions are rotated.
  const at::Tensor& position_embedding() const { return position_embedding_; }
  const std::vector<Parameter>& parameters() const { return parameters_; }
  at::ScalarType compute_dtype() const { return compute_dtype_; }
  /// The buffer that the parameters are views of, and where each lies.
  const at::Tensor& flat() const { return flat_; }
  const FlatLayout& layout() const { return layout_; }
  const RopeTable& rope() const { return rope_; }

 private:
  Block make_block(int64_t layer) const;
  Linear linear(const std::string& pattern, int64_t layer) const;
  Norm norm(const std::string& name) const;
  at::Tensor find(const std::string& name) const;

  at::Tensor attend(const at::Tensor& x_ND, int64_t layer, const RopeRows& rope,
                    const Attention& attention) const;
  at::Tensor feed_forward(const at::Tensor& x_ND, const Block& block) const;

  DecoderConfig config_;
  at::ScalarType compute_dtype_;
  FlatLayout layout_;
  at::Tensor flat_;
  std::vector<Parameter> parameters_;
  at::Tensor token_embedding_;
  at::Tensor position_embedding_;
  std::vector<Block> blocks_;
  Norm final_norm_;
  RopeTable rope_;
};

}  // namespace w2s
