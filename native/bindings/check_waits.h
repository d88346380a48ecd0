// JavaScript's `checkWaits` (src/native/binding.ts).
#pragma once

#include <napi.h>

namespace w2s {

Napi::Value check_waits(const Napi::CallbackInfo& info);

}  // namespace w2s
