// Qwen2 (Yang et al. 2024): Llama with biases on query, key and value, and windows on the upper layers on
// request.
#include "../config_fields.h"
#include "../family.h"

namespace w2s {

DecoderConfig read_qwen2(const Json& config) {
  DecoderConfig decoder = llama_like(config, {.mlp_size = 22016, .context_length = 32768, .kv_heads = 32});
  if (config.find("vocab_size") == nullptr) decoder.vocabulary_size = 151936;
  decoder.family = "qwen2";
  decoder.class_prefix = "Qwen2";
  decoder.qkv_bias = true;
  decoder.windows = qwen_windows(config, decoder.layers);
  return decoder;
}

}  // namespace w2s
