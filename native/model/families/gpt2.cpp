// GPT-2 (Radford et al. 2019): learned positions, layer norms, one fused projection with weights as [in,
// out].
#include <cmath>

#include "../../error.h"
#include "../config_fields.h"
#include "../family.h"

namespace w2s {
namespace {

// GPT2Config's attribute map lets a config name its sizes either way.
int64_t size_field(const Json& config, const std::string& name, const std::string& alias, int64_t fallback,
                   int64_t most = 1LL << 31) {
  return positive_field(config, name, positive_field(config, alias, fallback, most), most);
}

}  // namespace

DecoderConfig read_gpt2(const Json& config) {
  DecoderConfig decoder;
  decoder.family = "gpt2";
  decoder.class_prefix = "GPT2";
  decoder.causal_suffix = "LMHeadModel";
  decoder.vocabulary_size = positive_field(config, "vocab_size", 50257);
  decoder.hidden_size = size_field(config, "n_embd", "hidden_size", 768);
  decoder.layers = size_field(config, "n_layer", "num_hidden_layers", 12, kMostLayers);
  decoder.heads = size_field(config, "n_head", "num_attention_heads", 12);
  decoder.kv_heads = decoder.heads;
  decoder.head_dim = decoder.hidden_size / decoder.heads;
  if (decoder.hidden_size % decoder.heads != 0) {
    fail("ERR_ARCHITECTURE", "Expected a multiple of n_head for 'n_embd' in config.json.",
         "Mend the field, or download the folder again: w2s-native models");
  }
  decoder.mlp_size = positive_field(config, "n_inner", 4 * decoder.hidden_size);
  decoder.context_length = size_field(config, "n_positions", "max_position_embeddings", 1024);
  decoder.norm = NormKind::kLayerNorm;
  decoder.norm_epsilon = number_field(config, "layer_norm_epsilon", 1e-5);
  decoder.activation = activation_field(config, "activation_function", "gelu_new");
  decoder.rotary = false;
  decoder.qkv_bias = decoder.attention_out_bias = decoder.mlp_bias = true;
  decoder.tied_embeddings = bool_field(config, "tie_word_embeddings", true);
  decoder.input_major_weights = true;
  decoder.windows.assign(decoder.layers, 0);
  const bool scaled = bool_field(config, "scale_attn_weights", true);
  const bool by_layer = bool_field(config, "scale_attn_by_inverse_layer_idx", false);
  for (int64_t layer = 0; layer < decoder.layers; ++layer) {
    const double scale = scaled ? 1.0 / std::sqrt(static_cast<double>(decoder.head_dim)) : 1.0;
    decoder.attention_scales.push_back(by_layer ? scale / static_cast<double>(layer + 1) : scale);
  }
  decoder.names = {.base_prefix = "transformer.",
                   .token_embedding = "wte",
                   .position_embedding = "wpe",
                   .final_norm = "ln_f",
                   .attention_norm = "h.{}.ln_1",
                   .fused_qkv = "h.{}.attn.c_attn",
                   .query = "",
                   .key = "",
                   .value = "",
                   .attention_out = "h.{}.attn.c_proj",
                   .query_norm = "",
                   .key_norm = "",
                   .mlp_norm = "h.{}.ln_2",
                   .mlp_gate = "",
                   .mlp_up = "h.{}.mlp.c_fc",
                   .mlp_down = "h.{}.mlp.c_proj"};
  return decoder;
}

}  // namespace w2s
