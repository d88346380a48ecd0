// In place of CUDA's, for kernels that are compiled as C++. Shared memory is static, as blocks run one after another.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <functional>

#include "cuda_runtime_api.h"

#define __global__
#define __device__
#define __host__
#define __shared__ static
#define __forceinline__ inline __attribute__((always_inline))
#define __launch_bounds__(...)

struct alignas(16) uint4 {
  unsigned x, y, z, w;
};

struct cudaLaunchConfig_t {
  dim3 gridDim, blockDim;
  std::size_t dynamicSmemBytes = 0;
  cudaStream_t stream = nullptr;
};

template <class... Parameters, class... Arguments>
cudaError_t cudaLaunchKernelEx(const cudaLaunchConfig_t* config, void (*kernel)(Parameters...),
                               Arguments&&... arguments) {
  const dim3 grid = (*config).gridDim, block = (*config).blockDim;
  const bool fits = grid.x > 0 && grid.y > 0 && grid.z > 0 && grid.x <= 0x7fffffff && grid.y <= 65535 &&
                    block.x > 0 && block.x * block.y * block.z <= 1024;
  if (!fits) return cudaErrorInvalidValue;
  emulation::run_grid(grid, block, [&] { kernel(arguments...); });
  return cudaSuccess;
}

inline void __stwb(uint4* to, uint4 value) { *to = value; }

inline void __syncthreads() { emulation::wait_for_block(); }

template <class T>
T __shfl_xor_sync(unsigned, T value, int mask) {
  std::uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof value);
  bits = emulation::exchange(bits, emulation::own_lane() ^ static_cast<unsigned>(mask));
  std::memcpy(&value, &bits, sizeof value);
  return value;
}
