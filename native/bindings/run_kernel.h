// JavaScript's `runKernel` (src/native/binding.ts): one kernel on given numbers, for tests and `bench kernels`.
#pragma once

#include <napi.h>

namespace w2s {

Napi::Value run_kernel_call(const Napi::CallbackInfo& info);

}  // namespace w2s
