// Llama (Touvron et al. 2023), as Transformers' LlamaConfig reads it.
#include "../config_fields.h"
#include "../family.h"

namespace w2s {

DecoderConfig read_llama(const Json& config) {
  DecoderConfig decoder = llama_like(config, {});
  decoder.family = "llama";
  decoder.class_prefix = "Llama";
  decoder.qkv_bias = bool_field(config, "attention_bias", false);
  decoder.attention_out_bias = decoder.qkv_bias;
  decoder.mlp_bias = bool_field(config, "mlp_bias", false);
  return decoder;
}

}  // namespace w2s
