// Causal self-attention over packed sequences. The only file that touches kernels whose schema drifts between
// libtorch versions.
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>

#include "packed.h"

namespace w2s {

/// softmax(scale · q kᵀ) v within each sequence, from each query back to its own sequence's start, or over
/// the last `window` tokens with the query counted (q − window < k ≤ q; 0: no window). G divides H. q_NHE,
/// k_NGE, v_NGE → [N, H·E].
at::Tensor causal_attention(const at::Tensor& q_NHE, const at::Tensor& k_NGE, const at::Tensor& v_NGE,
                            const PackedBatch& batch, int64_t window, double scale);

/// The same for one new query a row over the keys and values that the row holds by now: q_RHE, k_RLGE, v_RLGE
/// → [R, H·E]. `mask_RL`: true where a row may look; absent: everywhere.
at::Tensor cached_attention(const at::Tensor& q_RHE, const at::Tensor& k_RLGE, const at::Tensor& v_RLGE,
                            const std::optional<at::Tensor>& mask_RL, double scale);

}  // namespace w2s
