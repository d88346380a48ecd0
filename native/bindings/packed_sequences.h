// JavaScript's PackedSequences → Sequences, copied.
#pragma once

#include <napi.h>

#include <string>

#include "../nn/packed.h"

namespace w2s {

Sequences read_sequences(const Napi::Value& value, const std::string& what);

}  // namespace w2s
