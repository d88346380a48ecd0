// See device_probe.h. Files of this kind include no ATen: that would make them compile ten times as long.
#include <cuda_runtime.h>

#include "device_probe.h"

namespace w2s {

namespace {

constexpr int kThreads = 32;

__global__ void probe_kernel(int* out) { out[threadIdx.x] = static_cast<int>(threadIdx.x) + 1; }

}  // namespace

int run_probe_kernel() {
  int* device = nullptr;
  int host[kThreads] = {};
  cudaError_t status = cudaMalloc(&device, sizeof host);
  if (status != cudaSuccess) return status;
  probe_kernel<<<1, kThreads>>>(device);
  status = cudaGetLastError();
  if (status == cudaSuccess) status = cudaMemcpy(host, device, sizeof host, cudaMemcpyDeviceToHost);
  cudaFree(device);
  if (status == cudaSuccess && host[kThreads - 1] != kThreads) status = cudaErrorUnknown;
  return status;
}

}  // namespace w2s
