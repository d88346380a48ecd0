// How fast matrix products are here, by themselves: what the speed of a step is held against.
#pragma once

#include <napi.h>

namespace w2s {

/// The export `measureProduct(options)`: seconds of one [m, k] · [k, n] product, by repetition.
Napi::Value measure_product_call(const Napi::CallbackInfo& info);

/// The export `deviceMemory(device, reset)`: what libtorch's allocator holds on a CUDA device.
Napi::Value device_memory_call(const Napi::CallbackInfo& info);

}  // namespace w2s
