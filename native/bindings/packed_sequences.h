// JavaScript's PackedSequences → Sequences, copied.
#pragma once

#include <napi.h>

#include <string>

#include "../nn/packed.h"
#include "convert.h"

namespace w2s {

Sequences read_sequences(const Napi::Value& value, const std::string& what);
/// `sharePrefixes`, `roundRowsTo` and `reading` of the calls that show how sequences are laid out.
PackOptions read_pack_options(const Options& options);

}  // namespace w2s
