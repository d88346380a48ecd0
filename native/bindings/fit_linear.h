// JavaScript's `fitLinear` (src/native/binding.ts).
#pragma once

#include <napi.h>

namespace w2s {

Napi::Value fit_linear_call(const Napi::CallbackInfo& info);

}  // namespace w2s
