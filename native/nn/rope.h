// Rotary position embedding (Su et al. 2021) with the halves layout of Llama: dimension i is paired with i +
// E/2.
#pragma once

#include <ATen/core/Tensor.h>

#include "../model/config.h"

namespace w2s {

/// cos and sin of one micro-batch's positions, float32 [N, 1, E].
struct RopeRows {
  at::Tensor cos_N1E;
  at::Tensor sin_N1E;
};

class RopeTable {
 public:
  RopeTable() = default;
  RopeTable(const RopeConfig& config, int64_t head_dim, const at::Device& device);

  RopeRows rows(const at::Tensor& positions_N) const;
  /// The same without repetition, float32 [N, E / 2].
  void halves(const at::Tensor& positions_N, at::Tensor& cos_NE2, at::Tensor& sin_NE2) const;

 private:
  at::Tensor inverse_frequencies_;  // float32 [E / 2]
};

/// Rotates x_NHE in float32 and gives it back in its own dtype.
at::Tensor rotate(const at::Tensor& x_NHE, const RopeRows& rows);

}  // namespace w2s
