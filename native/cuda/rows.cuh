// What the kernels over rows share: loads of 16 bytes where alignment allows, sums over the threads of a row, launches.
#pragma once

#include <cuda_bf16.h>
#include <cuda_runtime.h>

#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <type_traits>

#include "arithmetic.h"
#include "w2s_cuda.h"

namespace w2s {

constexpr int kWarp = 32;

__device__ __forceinline__ float widen(float x) { return x; }
__device__ __forceinline__ float widen(__nv_bfloat16 x) { return __bfloat162float(x); }

template <class T>
__device__ __forceinline__ T narrow(float x) {
  if constexpr (std::is_same_v<T, float>) {
    return x;
  } else {
    return __float2bfloat16_rn(x);
  }
}

/// W neighbours, moved at once.
template <class T, int W>
struct alignas(sizeof(T) * W) Pack {
  T values[W];
};

template <int W, class T>
__device__ __forceinline__ Pack<T, W> load(const T* from) {
  return *reinterpret_cast<const Pack<T, W>*>(from);
}

template <int W, class T>
__device__ __forceinline__ void store(T* to, const Pack<T, W>& pack) {
  if constexpr (sizeof pack == sizeof(uint4)) {
    uint4 bits;
    memcpy(&bits, &pack, sizeof bits);
    __stwb(reinterpret_cast<uint4*>(to), bits);  // an assignment becomes single stores in some kernels
  } else {
    *reinterpret_cast<Pack<T, W>*>(to) = pack;
  }
}

__device__ __forceinline__ float warp_sum(float value) {
  for (int offset = kWarp / 2; offset > 0; offset /= 2) value += __shfl_xor_sync(0xffffffffu, value, offset);
  return value;
}

/// The sum over the threads of one row, in every one of them: a warp, or a whole block of kThreads threads. All of them
/// call it.
template <int kThreads>
__device__ __forceinline__ float row_sum(float value) {
  value = warp_sum(value);
  if constexpr (kThreads > kWarp) {
    __shared__ float parts[kThreads / kWarp];
    __syncthreads();  // whoever still reads an earlier sum
    if (threadIdx.x % kWarp == 0) parts[threadIdx.x / kWarp] = value;
    __syncthreads();
    value = 0.0f;
    for (int warp = 0; warp < kThreads / kWarp; ++warp) value += parts[warp];
  }
  return value;
}

/// Enqueues a kernel; what it returns also says when this binary has no code for the GPU.
template <class... Parameters, class... Arguments>
cudaError_t launch(void (*kernel)(Parameters...), dim3 grid, dim3 block, cudaStream_t stream,
                   const Arguments&... arguments) {
  cudaLaunchConfig_t config{};
  config.gridDim = grid;
  config.blockDim = block;
  config.stream = stream;
  return cudaLaunchKernelEx(&config, kernel, static_cast<Parameters>(arguments)...);
}

/// Calls `body(T{})` with the C++ type of a dtype.
template <class Body>
cudaError_t by_dtype(std::int32_t dtype, Body body) {
  if (dtype == W2S_CUDA_BF16) return body(__nv_bfloat16{});
  if (dtype == W2S_CUDA_F32) return body(float{});
  return cudaErrorInvalidValue;
}

/// Calls `body` with the number of elements that one thread moves at once, as a constant: 16 bytes of T where every
/// count and pointer allows it (null does), else 1.
template <class T, class Body>
cudaError_t by_width(std::initializer_list<std::int64_t> counts, std::initializer_list<const void*> pointers,
                     Body body) {
  constexpr int kWide = 16 / sizeof(T);
  for (const std::int64_t count : counts) {
    if (count % kWide != 0) return body(std::integral_constant<int, 1>{});
  }
  for (const void* pointer : pointers) {
    if (reinterpret_cast<std::uintptr_t>(pointer) % 16 != 0) return body(std::integral_constant<int, 1>{});
  }
  return body(std::integral_constant<int, kWide>{});
}

/// A grid of blocks of kColumnThreads threads, each of which goes down W columns: blocks side by side over the columns,
/// `slices` of them (at most) above one another, which take rows in turn.
constexpr int kColumnThreads = 128;
constexpr std::int64_t kMostSlices = 65535;  // what a grid's y may be

inline dim3 column_grid(std::int64_t columns, int width, std::int64_t slices) {
  const std::int64_t across = (columns + kColumnThreads * width - 1) / (kColumnThreads * width);
  return dim3(static_cast<unsigned>(across),
              static_cast<unsigned>(slices < kMostSlices ? slices : kMostSlices));
}

/// The first of this thread's columns in such a grid.
template <int W>
__device__ __forceinline__ std::int64_t own_column() {
  return (static_cast<std::int64_t>(blockIdx.x) * kColumnThreads + threadIdx.x) * W;
}

/// sums[c] += over the slices of parts[slice, c], in order. Enqueued by kernels that sum over rows as their last step.
cudaError_t launch_sum_of_slices(const float* parts, std::int64_t slices, std::int64_t columns, float* sums,
                                 cudaStream_t stream);

}  // namespace w2s
