// Matrix products of the training and scoring pass: one function, so that the choice of library stands in one place.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "../profile.h"

namespace w2s {

/// out [M, N] = a [M, K] · b [K, N], or += with `accumulate`. Any strides with one contiguous dimension. `out` has the
/// dtype of a and b, or is float32 where they are bfloat16 (a gradient): sums are float32 throughout. Which library
/// runs it follows from the device, the CPU and the shape alone.
void product(const at::Tensor& out, const at::Tensor& a, const at::Tensor& b, bool accumulate = false);

/// The same as a part of a step, timed and counted where somebody asks; `profile` may be null.
void product(Profile* profile, const at::Tensor& out, const at::Tensor& a, const at::Tensor& b,
             bool accumulate);

/// What the rows of a batch are best rounded up to, so that shapes come again from batch to batch; 1: does not matter.
int64_t product_row_multiple(const at::Device& device);

/// What runs large float32 products on this CPU, for people: `oneDNN`, `MKL` or `BLAS`.
const char* float32_product_library();

}  // namespace w2s
