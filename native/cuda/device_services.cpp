// Devices, their names and memory, through libtorch's CUDA runtime layer. Loading this library also loads
// libtorch_cuda, which registers its kernels with ATen.
#include <c10/cuda/CUDAException.h>
#include <c10/cuda/CUDAFunctions.h>
#include <c10/cuda/CUDAGuard.h>
#include <cuda_runtime_api.h>

#include <algorithm>
#include <cstring>
#include <exception>

#include "device_probe.h"
#include "w2s_cuda.h"

namespace {

void put_text(char* into, std::size_t size, const char* text) {
  if (size == 0) return;
  const std::size_t length = std::min(size - 1, std::strlen(text));
  std::memcpy(into, text, length);
  into[length] = '\0';
}

// No exception may cross the C door.
template <class Body>
std::int32_t guarded(char* error, std::size_t size, Body body) noexcept {
  try {
    body();
    return 0;
  } catch (const c10::Error& exception) {
    put_text(error, size, exception.what_without_backtrace());
  } catch (const std::exception& exception) {
    put_text(error, size, exception.what());
  } catch (...) {
    put_text(error, size, "something that is no exception was thrown");
  }
  return 1;
}

}  // namespace

std::int32_t w2s_cuda_revision(void) { return W2S_CUDA_REVISION; }

std::int32_t w2s_cuda_device_count(std::int32_t* count, char* error, std::size_t size) {
  return guarded(error, size, [&] { *count = c10::cuda::device_count_ensure_non_zero(); });
}

std::int32_t w2s_cuda_describe(std::int32_t index, w2s_cuda_device* device, char* error, std::size_t size) {
  return guarded(error, size, [&] {
    cudaDeviceProp properties{};
    C10_CUDA_CHECK(cudaGetDeviceProperties(&properties, index));
    const c10::cuda::CUDAGuard guard(static_cast<c10::DeviceIndex>(index));
    std::size_t free = 0, total = 0;
    C10_CUDA_CHECK(cudaMemGetInfo(&free, &total));
    device->index = index;
    device->major = properties.major;
    device->minor = properties.minor;
    device->bf16 = properties.major >= 8 ? 1 : 0;
    device->total_memory = static_cast<std::int64_t>(total);
    device->free_memory = static_cast<std::int64_t>(free);
    put_text(device->name, sizeof device->name, properties.name);
  });
}

std::int32_t w2s_cuda_probe(std::int32_t index, char* error, std::size_t size) {
  return guarded(error, size, [&] {
    const c10::cuda::CUDAGuard guard(static_cast<c10::DeviceIndex>(index));
    C10_CUDA_CHECK(static_cast<cudaError_t>(w2s::run_probe_kernel()));
  });
}
