#include "config_fields.h"

#include <cmath>

#include "../error.h"

namespace w2s {
namespace {

const Json* present(const Json& config, const std::string& name) {
  const Json* value = config.find(name);
  return value == nullptr || value->is_null() ? nullptr : value;
}

[[noreturn]] void bad_field(const std::string& name, const std::string& expected) {
  fail("ERR_ARCHITECTURE", "Expected " + expected + " for '" + name + "' in config.json.",
       "Mend the field, or download the folder again: w2s-native models");
}

[[noreturn]] void unsupported(const std::string& what) {
  fail("ERR_ARCHITECTURE", "Expected a supported setting in config.json but received " + what + ".",
       "See which models are supported: w2s-native models --help");
}

RopeKind rope_kind(const std::string& name) {
  if (name == "default") return RopeKind::kDefault;
  if (name == "linear") return RopeKind::kLinear;
  if (name == "llama3") return RopeKind::kLlama3;
  unsupported("rope type '" + name + "' (supported: default, linear, llama3)");
}

}  // namespace

int64_t positive_field(const Json& config, const std::string& name, int64_t fallback, int64_t most) {
  const Json* value = present(config, name);
  if (value == nullptr) return fallback;
  if (!value->is_int() || value->as_int() < 1 || value->as_int() > most) {
    bad_field(name, "an integer from 1 to " + std::to_string(most));
  }
  return value->as_int();
}

double number_field(const Json& config, const std::string& name, double fallback) {
  const Json* value = present(config, name);
  if (value == nullptr) return fallback;
  if (!value->is_number() || !std::isfinite(value->as_double())) bad_field(name, "a finite number");
  return value->as_double();
}

bool bool_field(const Json& config, const std::string& name, bool fallback) {
  const Json* value = present(config, name);
  if (value == nullptr) return fallback;
  if (!value->is_bool()) bad_field(name, "true or false");
  return value->as_bool();
}

std::string string_field(const Json& config, const std::string& name, const std::string& fallback) {
  const Json* value = present(config, name);
  if (value == nullptr) return fallback;
  if (!value->is_string()) bad_field(name, "a string");
  return value->as_string();
}

Activation activation_field(const Json& config, const std::string& name, const std::string& fallback) {
  const std::string kind = string_field(config, name, fallback);
  if (kind == "silu" || kind == "swish") return Activation::kSilu;
  if (kind == "gelu_new" || kind == "gelu_pytorch_tanh" || kind == "gelu_fast") return Activation::kGeluTanh;
  if (kind == "gelu") return Activation::kGelu;
  if (kind == "relu") return Activation::kRelu;
  unsupported("'" + kind + "' for '" + name + "' (supported: silu, gelu, gelu_new, gelu_pytorch_tanh, relu)");
}

RopeConfig rope_fields(const Json& config, int64_t context_length) {
  if (number_field(config, "partial_rotary_factor", 1.0) != 1.0) unsupported("partial rotary embeddings");
  RopeConfig rope;
  rope.theta = number_field(config, "rope_theta", 10000.0);
  const Json* settings = present(config, "rope_parameters");
  if (settings == nullptr) settings = present(config, "rope_scaling");
  if (settings != nullptr) {
    if (!settings->is_object()) bad_field("rope_parameters", "an object");
    for (const auto& [kind, value] : settings->members()) {
      if (value.is_object()) unsupported("rope settings for the layers '" + kind + "' alone");
    }
    if (number_field(*settings, "partial_rotary_factor", 1.0) != 1.0)
      unsupported("partial rotary embeddings");
    rope.kind = rope_kind(string_field(*settings, "rope_type", string_field(*settings, "type", "default")));
    rope.theta = number_field(*settings, "rope_theta", rope.theta);
    rope.factor = number_field(*settings, "factor", 1.0);
    rope.low_freq_factor = number_field(*settings, "low_freq_factor", 1.0);
    rope.high_freq_factor = number_field(*settings, "high_freq_factor", 4.0);
    rope.original_context =
        number_field(*settings, "original_max_position_embeddings", static_cast<double>(context_length));
    if (rope.kind != RopeKind::kDefault && present(*settings, "factor") == nullptr) {
      bad_field("rope_scaling.factor", "a number");
    }
  }
  if (!(rope.theta > 0)) bad_field("rope_theta", "a positive number");
  if (!(rope.factor > 0)) bad_field("rope_scaling.factor", "a positive number");
  if (rope.kind == RopeKind::kLlama3) {
    if (!(rope.low_freq_factor > 0)) bad_field("rope_scaling.low_freq_factor", "a positive number");
    if (!(rope.high_freq_factor > rope.low_freq_factor)) {
      bad_field("rope_scaling.high_freq_factor", "a number above low_freq_factor");
    }
    if (!(rope.original_context > 0)) {
      bad_field("rope_scaling.original_max_position_embeddings", "a positive number");
    }
  }
  return rope;
}

DecoderConfig llama_like(const Json& config, const LlamaLikeDefaults& defaults) {
  DecoderConfig decoder;
  decoder.vocabulary_size = positive_field(config, "vocab_size", 32000);
  decoder.hidden_size = positive_field(config, "hidden_size", 4096);
  decoder.layers = positive_field(config, "num_hidden_layers", 32, kMostLayers);
  decoder.heads = positive_field(config, "num_attention_heads", 32);
  decoder.kv_heads = positive_field(config, "num_key_value_heads", defaults.kv_heads.value_or(decoder.heads));
  decoder.head_dim =
      positive_field(config, "head_dim", defaults.head_dim.value_or(decoder.hidden_size / decoder.heads));
  decoder.mlp_size = positive_field(config, "intermediate_size", defaults.mlp_size);
  decoder.context_length = positive_field(config, "max_position_embeddings", defaults.context_length);
  decoder.norm = NormKind::kRmsNorm;
  decoder.norm_epsilon = number_field(config, "rms_norm_eps", 1e-6);
  decoder.activation = activation_field(config, "hidden_act", "silu");
  decoder.rope = rope_fields(config, decoder.context_length);
  decoder.tied_embeddings = bool_field(config, "tie_word_embeddings", false);
  decoder.windows.assign(decoder.layers, 0);
  decoder.attention_scales.assign(decoder.layers, 1.0 / std::sqrt(static_cast<double>(decoder.head_dim)));
  decoder.names = {.base_prefix = "model.",
                   .token_embedding = "embed_tokens",
                   .position_embedding = "",
                   .final_norm = "norm",
                   .attention_norm = "layers.{}.input_layernorm",
                   .fused_qkv = "",
                   .query = "layers.{}.self_attn.q_proj",
                   .key = "layers.{}.self_attn.k_proj",
                   .value = "layers.{}.self_attn.v_proj",
                   .attention_out = "layers.{}.self_attn.o_proj",
                   .query_norm = "layers.{}.self_attn.q_norm",
                   .key_norm = "layers.{}.self_attn.k_norm",
                   .mlp_norm = "layers.{}.post_attention_layernorm",
                   .mlp_gate = "layers.{}.mlp.gate_proj",
                   .mlp_up = "layers.{}.mlp.up_proj",
                   .mlp_down = "layers.{}.mlp.down_proj"};
  return decoder;
}

std::vector<int64_t> qwen_windows(const Json& config, int64_t layers) {
  std::vector<int64_t> windows(layers, 0);
  if (!bool_field(config, "use_sliding_window", false)) return windows;
  const Json* window = config.find("sliding_window");
  if (window != nullptr && window->is_null()) return windows;
  const int64_t width = positive_field(config, "sliding_window", 4096);
  const Json* types = present(config, "layer_types");
  if (types == nullptr) {
    const double first = number_field(config, "max_window_layers", 28);
    for (int64_t layer = 0; layer < layers; ++layer) windows[layer] = layer >= first ? width : 0;
    return windows;
  }
  if (!types->is_array() || static_cast<int64_t>(types->items().size()) != layers) {
    bad_field("layer_types", "one entry a layer (" + std::to_string(layers) + ")");
  }
  for (int64_t layer = 0; layer < layers; ++layer) {
    const Json& type = types->items()[layer];
    if (!type.is_string()) bad_field("layer_types", "strings");
    if (type.as_string() == "sliding_attention") {
      windows[layer] = width;
    } else if (type.as_string() != "full_attention") {
      unsupported("layer type '" + type.as_string() + "'");
    }
  }
  return windows;
}

}  // namespace w2s
