// Causal self-attention over packed sequences. The only file that touches kernels whose schema drifts between
// libtorch versions.
#pragma once

#include <ATen/core/Tensor.h>

#include "packed.h"

namespace w2s {

/// softmax(scale · q kᵀ) v within each sequence, from each query back to its own sequence's start, or over
/// the last `window` tokens with the query counted (q − window < k ≤ q; 0: no window). G divides H. q_NHE,
/// k_NGE, v_NGE → [N, H·E].
at::Tensor causal_attention(const at::Tensor& q_NHE, const at::Tensor& k_NGE, const at::Tensor& v_NGE,
                            const PackedBatch& batch, int64_t window, double scale);

}  // namespace w2s
