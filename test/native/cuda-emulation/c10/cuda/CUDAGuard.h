// In place of c10's: there is one device, the CPU.
#pragma once

namespace c10 {

using DeviceIndex = signed char;

namespace cuda {

struct CUDAGuard {
  explicit CUDAGuard(DeviceIndex) {}
};

}  // namespace cuda
}  // namespace c10
