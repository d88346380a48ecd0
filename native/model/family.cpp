#include "family.h"

#include <array>
#include <cmath>
#include <utility>

#include "../error.h"
#include "config_fields.h"

namespace w2s {
namespace {

using Reader = DecoderConfig (*)(const Json&);
constexpr std::array<std::pair<const char*, Reader>, 5> kFamilies = {{{"gpt2", read_gpt2},
                                                                      {"llama", read_llama},
                                                                      {"mistral", read_mistral},
                                                                      {"qwen2", read_qwen2},
                                                                      {"qwen3", read_qwen3}}};

[[noreturn]] void unknown_family(const std::string& name) {
  std::string known;
  for (const auto& family : kFamilies) known += (known.empty() ? "" : ", ") + std::string(family.first);
  fail("ERR_ARCHITECTURE",
       "Expected one of " + known + " for 'model_type' in config.json but received '" + name + "'.",
       "See docs/add-an-architecture.md, or choose another model: w2s-native models");
}

void check(bool possible, const std::string& field, const std::string& expected) {
  if (possible) return;
  fail("ERR_ARCHITECTURE", "Expected " + expected + " for '" + field + "' in config.json.",
       "Mend the field, or download the folder again: w2s-native models");
}

// Caught here, before any memory is taken, since sizes multiply.
void check_possible(const DecoderConfig& decoder) {
  constexpr int64_t kMostElements = 1LL << 40;
  check(decoder.heads % decoder.kv_heads == 0, "num_key_value_heads", "a divisor of num_attention_heads");
  check(decoder.head_dim >= 1, "num_attention_heads", "at most hidden_size");
  check(!decoder.rotary || decoder.head_dim % 2 == 0, "head_dim", "an even number");
  check(decoder.norm_epsilon > 0, decoder.norm == NormKind::kRmsNorm ? "rms_norm_eps" : "layer_norm_epsilon",
        "a positive number");
  check(decoder.heads * decoder.head_dim < (1LL << 31), "head_dim", "a possible size");
  check(decoder.vocabulary_size <= kMostElements / decoder.hidden_size, "vocab_size", "a possible size");
  check(decoder.mlp_size <= kMostElements / decoder.hidden_size, "intermediate_size", "a possible size");
}

}  // namespace

DecoderConfig read_decoder_config(const Json& config) {
  if (!config.is_object())
    fail("ERR_ARCHITECTURE", "Expected an object in config.json.", "w2s-native models");
  const std::string type = string_field(config, "model_type", "");
  for (const auto& [name, read] : kFamilies) {
    if (type != name) continue;
    DecoderConfig decoder = read(config);
    check_possible(decoder);
    return decoder;
  }
  unknown_family(type);
}

}  // namespace w2s
