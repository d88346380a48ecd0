// Matrix products of the training and scoring pass: one function, so that the choice of library stands in one place.
#pragma once

#include <ATen/core/Tensor.h>

namespace w2s {

/// out [M, N] = a [M, K] · b [K, N], or += with `accumulate`. Any strides with one contiguous dimension. `out` has the
/// dtype of a and b, or is float32 where they are bfloat16 (a gradient): sums are float32 throughout.
void product(const at::Tensor& out, const at::Tensor& a, const at::Tensor& b, bool accumulate = false);

}  // namespace w2s
