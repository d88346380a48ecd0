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

#include "../cuda/entry_points.h"

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

class CudaLibrary {
 public:
  /// Another library than the one beside the addon: for tests.
  explicit CudaLibrary(std::string path = {});

  // Any thread; the first call opens the library, which takes a second.
  // Errors: ERR_DEVICE, saying whether library, driver or GPU is absent.
  std::vector<CudaDeviceInfo> devices();
  /// Opens, checks that the index exists and that our kernels run on it. Errors: ERR_DEVICE.
  void use_device(int index);
  /// The functions of the library, opened if it was not. They stay for as long as the process lives. Errors:
  /// ERR_DEVICE.
  std::shared_ptr<const CudaEntryPoints> entry_points();

 private:
  // With the lock held.
  void open();
  std::int32_t open_and_count();
  CudaDeviceInfo describe(int index) const;

  const std::string path_;
  std::mutex mutex_;
  std::shared_ptr<const CudaEntryPoints> entry_;  // null until it is open
  std::set<int> usable_;
};

/// The export `cudaDevices()`.
Napi::Value cuda_devices(const Napi::CallbackInfo& info);

/// For `cpu` does nothing; for `cuda:<index>` opens the library and checks the device. Call it on the job
/// thread. Errors: ERR_DEVICE.
void prepare_device(CudaLibrary& cuda, const std::string& device);

}  // namespace w2s
