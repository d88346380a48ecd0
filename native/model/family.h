// A family reads its own config.json. To add one: a file in families/, a declaration here, a row in
// `kFamilies`.
#pragma once

#include <string>

#include "../io/json.h"
#include "config.h"

namespace w2s {

DecoderConfig read_gpt2(const Json& config);
DecoderConfig read_llama(const Json& config);
DecoderConfig read_mistral(const Json& config);
DecoderConfig read_qwen2(const Json& config);
DecoderConfig read_qwen3(const Json& config);

/// Picks the family by `model_type` and checks that every value is possible. Throws ERR_ARCHITECTURE with the
/// field's name otherwise.
DecoderConfig read_decoder_config(const Json& config);

}  // namespace w2s
