// How much memory of a GPU is free, asked without taking any.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

namespace w2s {

/// Bytes. Asks the driver's management library, which needs no context on the device: the runtime's own
/// cudaMemGetInfo makes one, half a gigabyte on every GPU that is looked at, for as long as the process lives. Only
/// where that library is absent, cudaMemGetInfo is asked. Throws c10::Error where that fails too.
std::int64_t free_memory(int index, const cudaDeviceProp& properties);

}  // namespace w2s
