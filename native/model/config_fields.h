// Typed, checked reading of config.json's fields. A missing or null field takes the Transformers class's
// default.
#pragma once

#include <optional>
#include <string>

#include "../io/json.h"
#include "config.h"

namespace w2s {

/// More layers than any model has: the lists that hold one entry a layer are made before a file is looked at.
inline constexpr int64_t kMostLayers = 4096;

/// A positive integer field of at most `most`.
int64_t positive_field(const Json& config, const std::string& name, int64_t fallback,
                       int64_t most = 1LL << 31);
double number_field(const Json& config, const std::string& name, double fallback);
bool bool_field(const Json& config, const std::string& name, bool fallback);
std::string string_field(const Json& config, const std::string& name, const std::string& fallback);

/// "silu", "gelu_new", …; anything else is ERR_ARCHITECTURE.
Activation activation_field(const Json& config, const std::string& name, const std::string& fallback);

/// `rope_parameters` (Transformers 5) or `rope_theta` with `rope_scaling` (4). Kinds that are not implemented
/// are errors: the default in their place would give wrong numbers silently.
RopeConfig rope_fields(const Json& config, int64_t context_length);

/// Defaults that differ between the classes that are shaped like Llama.
struct LlamaLikeDefaults {
  int64_t mlp_size = 11008;
  int64_t context_length = 2048;
  std::optional<int64_t> kv_heads = std::nullopt;  // absent: as many as heads
  std::optional<int64_t> head_dim = std::nullopt;  // absent: hidden size / heads
};

/// Everything that Llama, Mistral and Qwen share: sizes, names, norms, rotary embedding, no window.
DecoderConfig llama_like(const Json& config, const LlamaLikeDefaults& defaults);

/// Qwen's windows: none without `use_sliding_window`; else by `layer_types`, else from `max_window_layers`
/// on.
std::vector<int64_t> qwen_windows(const Json& config, int64_t layers);

}  // namespace w2s
