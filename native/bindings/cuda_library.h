// Opens `w2s_cuda.so`, which lies beside the addon, when a CUDA device is first asked for. The addon
// itself links no CUDA, so that one binary serves machines with and without a GPU.
#pragma once

#include <napi.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace w2s {

struct CudaDeviceInfo {
  int index;
  std::string name;
  int major;
  int minor;
  std::int64_t total_memory;  // bytes
  std::int64_t free_memory;   // bytes
  bool bf16;
};

struct CudaEntryPoints;  // see cuda_library.cpp

class CudaLibrary {
 public:
  CudaLibrary();
  ~CudaLibrary();
  CudaLibrary(const CudaLibrary&) = delete;
  CudaLibrary& operator=(const CudaLibrary&) = delete;

  // Any thread; the first call opens the library, which takes a second.
  // Errors: ERR_DEVICE, saying whether library, driver or GPU is absent.
  std::vector<CudaDeviceInfo> devices();
  /// Opens, checks that the index exists and that our kernels run on it. Errors: ERR_DEVICE.
  void use_device(int index);

 private:
  // With the lock held.
  void open();
  std::int32_t open_and_count();
  /// Looking at a GPU takes some of its memory: a context, for as long as the process lives.
  CudaDeviceInfo describe(int index) const;

  std::mutex mutex_;
  std::unique_ptr<const CudaEntryPoints> entry_;  // null until it is open
  std::set<int> usable_;
};

/// The export `cudaDevices()`.
Napi::Value cuda_devices(const Napi::CallbackInfo& info);

/// For `cpu` does nothing; for `cuda:<index>` opens the library and checks the device. Call it on the job
/// thread. Errors: ERR_DEVICE.
void prepare_device(CudaLibrary& cuda, const std::string& device);

}  // namespace w2s
