// Devices, their names and memory, through libtorch's CUDA runtime layer. Loading this library also loads
// libtorch_cuda, which registers its kernels with ATen.
#include <c10/cuda/CUDAException.h>
#include <c10/cuda/CUDAFunctions.h>
#include <c10/cuda/CUDAGuard.h>
#include <cuda_runtime_api.h>

#include "device_memory.h"
#include "device_probe.h"
#include "door.h"
#include "w2s_cuda.h"

using w2s::guarded;
using w2s::put_text;

std::int32_t w2s_cuda_revision(void) { return W2S_CUDA_REVISION; }

std::int32_t w2s_cuda_device_count(std::int32_t* count, char* error, std::size_t size) {
  return guarded(error, size, [&] { *count = c10::cuda::device_count_ensure_non_zero(); });
}

std::int32_t w2s_cuda_describe(std::int32_t index, w2s_cuda_device* device, char* error, std::size_t size) {
  return guarded(error, size, [&] {
    cudaDeviceProp properties{};
    C10_CUDA_CHECK(cudaGetDeviceProperties(&properties, index));
    device->index = index;
    device->major = properties.major;
    device->minor = properties.minor;
    device->bf16 = properties.major >= 8 ? 1 : 0;
    device->total_memory = static_cast<std::int64_t>(properties.totalGlobalMem);
    device->free_memory = w2s::free_memory(index, properties);
    put_text(device->name, sizeof device->name, properties.name);
  });
}

std::int32_t w2s_cuda_probe(std::int32_t index, char* error, std::size_t size) {
  return guarded(error, size, [&] {
    const c10::cuda::CUDAGuard guard(static_cast<c10::DeviceIndex>(index));
    C10_CUDA_CHECK(static_cast<cudaError_t>(w2s::run_probe_kernel()));
  });
}
