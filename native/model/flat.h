// Where parameters lie in one flat buffer, the weights' and the gradients'.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "parameters.h"

namespace w2s {

/// Shape and kind of a parameter before it has a tensor.
struct FlatEntry {
  std::vector<int64_t> shape;
  ParameterKind kind;
};

/// Matrices of the blocks first, then vectors, then embeddings, then heads; within a kind neighbours without a gap
/// in the order of the list. Query, key and value of a layer are so one matrix, and what is cast for the compute
/// dtype is one stretch.
struct FlatLayout {
  std::vector<int64_t> offsets;  // in elements, one a parameter
  int64_t size = 0;
  int64_t cast_size = 0;  // matrices and vectors: the first elements, without embeddings and heads
};

FlatLayout flat_layout(const std::vector<FlatEntry>& entries);

/// A view of `flat` from an offset.
at::Tensor flat_view(const at::Tensor& flat, int64_t offset, const std::vector<int64_t>& shape);

}  // namespace w2s
