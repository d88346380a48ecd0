// JavaScript's `checkAttention` (src/native/binding.ts).
#pragma once

#include <napi.h>

namespace w2s {

Napi::Value check_attention(const Napi::CallbackInfo& info);

}  // namespace w2s
