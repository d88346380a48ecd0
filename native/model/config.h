// What a decoder is made of: the switches that its families differ in. A family turns a config.json into
// this; nothing below knows family names.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace w2s {

enum class NormKind { kLayerNorm, kRmsNorm };
enum class Activation { kGeluTanh, kGelu, kSilu, kRelu };
enum class RopeKind { kDefault, kLinear, kLlama3 };

/// Rotary embedding; sizes are in dimensions of one head.
struct RopeConfig {
  RopeKind kind = RopeKind::kDefault;
  double theta = 10000.0;
  double factor = 1.0;
  double low_freq_factor = 1.0;
  double high_freq_factor = 4.0;
  double original_context = 8192.0;
};

/// Names of a family's tensors below the base prefix; `{}` stands for the layer. Empty: the family has no
/// such part.
struct TensorNames {
  std::string base_prefix;  // such as "model."
  std::string token_embedding;
  std::string position_embedding;
  std::string final_norm;
  std::string attention_norm;
  std::string fused_qkv;  // one matrix for query, key and value, side by side
  std::string query;
  std::string key;
  std::string value;
  std::string attention_out;
  std::string query_norm;
  std::string key_norm;
  std::string mlp_norm;
  std::string mlp_gate;  // empty: a plain MLP
  std::string mlp_up;
  std::string mlp_down;
};

struct DecoderConfig {
  std::string family;
  /// Such as "Llama": the classes are LlamaForCausalLM and LlamaForSequenceClassification.
  std::string class_prefix;
  std::string causal_suffix = "ForCausalLM";
  TensorNames names;

  int64_t vocabulary_size = 0;
  int64_t hidden_size = 0;
  int64_t layers = 0;
  int64_t heads = 0;
  int64_t kv_heads = 0;
  int64_t head_dim = 0;
  int64_t mlp_size = 0;
  int64_t context_length = 0;

  NormKind norm = NormKind::kRmsNorm;
  double norm_epsilon = 1e-6;
  Activation activation = Activation::kSilu;
  bool rotary = true;  // false: learned positions
  RopeConfig rope;
  bool qkv_bias = false;
  bool attention_out_bias = false;
  bool mlp_bias = false;
  bool query_key_norm = false;
  bool tied_embeddings = false;
  /// Weights lie as [in, out] (GPT-2's Conv1D) instead of [out, in].
  bool input_major_weights = false;

  /// Tokens that a layer's query sees, itself included; 0: all before it. One entry a layer.
  std::vector<int64_t> windows;
  /// What q·k is multiplied by. One entry a layer.
  std::vector<double> attention_scales;
};

}  // namespace w2s
