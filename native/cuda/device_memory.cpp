#include "device_memory.h"

#include <c10/cuda/CUDAException.h>
#include <c10/cuda/CUDAGuard.h>
#include <dlfcn.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <optional>

namespace w2s {
namespace {

// Of NVML's stable interface, whose header is not part of every toolkit: nvmlDevice_t is an opaque pointer, and
// nvmlMemory_t three sizes in bytes; 0 is success.
struct NvmlMemory {
  unsigned long long total = 0, free = 0, used = 0;
};
using NvmlInit = int (*)();
using NvmlHandleByBus = int (*)(const char*, void**);
using NvmlMemoryInfo = int (*)(void*, NvmlMemory*);

template <class Function>
Function symbol(void* library, const char* name) {
  return reinterpret_cast<Function>(dlsym(library, name));
}

std::optional<std::int64_t> ask(void* library, const cudaDeviceProp& properties) {
  const auto init = symbol<NvmlInit>(library, "nvmlInit_v2");
  const auto shutdown = symbol<NvmlInit>(library, "nvmlShutdown");
  const auto handle_by_bus = symbol<NvmlHandleByBus>(library, "nvmlDeviceGetHandleByPciBusId_v2");
  const auto memory_info = symbol<NvmlMemoryInfo>(library, "nvmlDeviceGetMemoryInfo");
  if (!init || !shutdown || !handle_by_bus || !memory_info || init() != 0) return std::nullopt;
  std::array<char, 32> bus{};
  std::snprintf(bus.data(), bus.size(), "%08x:%02x:%02x.0", static_cast<unsigned>(properties.pciDomainID),
                static_cast<unsigned>(properties.pciBusID), static_cast<unsigned>(properties.pciDeviceID));
  void* device = nullptr;
  NvmlMemory memory;
  const bool found = handle_by_bus(bus.data(), &device) == 0 && memory_info(device, &memory) == 0;
  shutdown();
  // Of a GPU in slices (MIG) this is the whole one.
  return found ? std::optional(static_cast<std::int64_t>(
                     std::min<unsigned long long>(memory.free, properties.totalGlobalMem)))
               : std::nullopt;
}

}  // namespace

std::int64_t free_memory(int index, const cudaDeviceProp& properties) {
  if (void* library = dlopen("libnvidia-ml.so.1", RTLD_NOW | RTLD_LOCAL)) {
    const auto free = ask(library, properties);
    dlclose(library);
    if (free) return *free;
  }
  const c10::cuda::CUDAGuard guard(static_cast<c10::DeviceIndex>(index));
  std::size_t free = 0, total = 0;
  C10_CUDA_CHECK(cudaMemGetInfo(&free, &total));
  return static_cast<std::int64_t>(free);
}

}  // namespace w2s
