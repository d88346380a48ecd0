// JavaScript's `packMicroBatches` (src/native/binding.ts).
#pragma once

#include <napi.h>

namespace w2s {

Napi::Value pack_call(const Napi::CallbackInfo& info);

}  // namespace w2s
