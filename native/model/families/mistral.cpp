// Mistral (Jiang et al. 2023): Llama with grouped-query attention and one window on all layers unless it is
// null.
#include "../config_fields.h"
#include "../family.h"

namespace w2s {

DecoderConfig read_mistral(const Json& config) {
  DecoderConfig decoder = llama_like(config, {.mlp_size = 14336, .context_length = 131072, .kv_heads = 8});
  decoder.family = "mistral";
  decoder.class_prefix = "Mistral";
  const Json* window = config.find("sliding_window");
  const bool none = window != nullptr && window->is_null();
  decoder.windows.assign(decoder.layers, none ? 0 : positive_field(config, "sliding_window", 4096));
  return decoder;
}

}  // namespace w2s
