// Qwen3 (Yang et al. 2025): Qwen2 with RMS norms on queries and keys, a head size of its own and no biases by
// default.
#include "../config_fields.h"
#include "../family.h"

namespace w2s {

DecoderConfig read_qwen3(const Json& config) {
  DecoderConfig decoder =
      llama_like(config, {.mlp_size = 22016, .context_length = 32768, .kv_heads = 32, .head_dim = 128});
  if (config.find("vocab_size") == nullptr) decoder.vocabulary_size = 151936;
  decoder.family = "qwen3";
  decoder.class_prefix = "Qwen3";
  decoder.qkv_bias = bool_field(config, "attention_bias", false);
  decoder.attention_out_bias = decoder.qkv_bias;
  decoder.query_key_norm = true;
  decoder.windows = qwen_windows(config, decoder.layers);
  return decoder;
}

}  // namespace w2s
