// Launchers of the kernels behind w2s_cuda.h, one for each of its functions, without ATen: each gives a cudaError_t
// and does nothing where there are no rows or columns.
#pragma once

#include <cuda_runtime_api.h>

#include "w2s_cuda.h"

namespace w2s {

cudaError_t launch_activation(const w2s_cuda_activation_call& call, cudaStream_t stream);
cudaError_t launch_activation_backward(const w2s_cuda_activation_call& call, cudaStream_t stream);
cudaError_t launch_gated(const w2s_cuda_gated_call& call, cudaStream_t stream);
cudaError_t launch_gated_backward(const w2s_cuda_gated_call& call, cudaStream_t stream);
cudaError_t launch_residual_norm(const w2s_cuda_norm_call& call, cudaStream_t stream);
cudaError_t launch_norm_backward(const w2s_cuda_norm_backward_call& call, cudaStream_t stream);
cudaError_t launch_add_residual(const w2s_cuda_residual_call& call, cudaStream_t stream);
cudaError_t launch_add_column_sums(const w2s_cuda_column_sums_call& call, cudaStream_t stream);
cudaError_t launch_rotate(const w2s_cuda_rotate_call& call, cudaStream_t stream);
cudaError_t launch_score_chunk(const w2s_cuda_score_call& call, cudaStream_t stream);
cudaError_t launch_confidence(const w2s_cuda_confidence_call& call, cudaStream_t stream);

}  // namespace w2s
