// The kernels' functions of the C door: each enqueues its work in ATen's current stream of the device.
#include "kernels.h"

#include <c10/cuda/CUDAException.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>

#include "door.h"

namespace {

template <class Call>
std::int32_t enqueue(cudaError_t (*launcher)(const Call&, cudaStream_t), const Call* call, char* error,
                     std::size_t size) {
  return w2s::guarded(error, size, [&] {
    const auto device = static_cast<c10::DeviceIndex>(call->shape.device);
    const c10::cuda::CUDAGuard guard(device);
    if (call->shape.rows == 0 || call->shape.columns == 0) return;
    C10_CUDA_CHECK(launcher(*call, c10::cuda::getCurrentCUDAStream(device).stream()));
  });
}

}  // namespace

std::int32_t w2s_cuda_activation(const w2s_cuda_activation_call* call, char* error, std::size_t size) {
  return enqueue(w2s::launch_activation, call, error, size);
}

std::int32_t w2s_cuda_activation_backward(const w2s_cuda_activation_call* call, char* error,
                                          std::size_t size) {
  return enqueue(w2s::launch_activation_backward, call, error, size);
}

std::int32_t w2s_cuda_gated(const w2s_cuda_gated_call* call, char* error, std::size_t size) {
  return enqueue(w2s::launch_gated, call, error, size);
}

std::int32_t w2s_cuda_gated_backward(const w2s_cuda_gated_call* call, char* error, std::size_t size) {
  return enqueue(w2s::launch_gated_backward, call, error, size);
}

std::int32_t w2s_cuda_residual_norm(const w2s_cuda_norm_call* call, char* error, std::size_t size) {
  return enqueue(w2s::launch_residual_norm, call, error, size);
}

std::int32_t w2s_cuda_norm_backward(const w2s_cuda_norm_backward_call* call, char* error, std::size_t size) {
  return enqueue(w2s::launch_norm_backward, call, error, size);
}

std::int32_t w2s_cuda_add_residual(const w2s_cuda_residual_call* call, char* error, std::size_t size) {
  return enqueue(w2s::launch_add_residual, call, error, size);
}

std::int32_t w2s_cuda_add_column_sums(const w2s_cuda_column_sums_call* call, char* error, std::size_t size) {
  return enqueue(w2s::launch_add_column_sums, call, error, size);
}

std::int32_t w2s_cuda_rotate(const w2s_cuda_rotate_call* call, char* error, std::size_t size) {
  return enqueue(w2s::launch_rotate, call, error, size);
}

std::int32_t w2s_cuda_score_chunk(const w2s_cuda_score_call* call, char* error, std::size_t size) {
  return enqueue(w2s::launch_score_chunk, call, error, size);
}

std::int32_t w2s_cuda_confidence(const w2s_cuda_confidence_call* call, char* error, std::size_t size) {
  return enqueue(w2s::launch_confidence, call, error, size);
}
