// Which rows of a model's embeddings a batch reads.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "../nn/sequences.h"
#include "model.h"

namespace w2s {

/// Rows by the index of their parameter; they may repeat.
using EmbeddingRows = std::map<size_t, std::vector<int64_t>>;

/// Of a forward and backward pass through the model's own head; none where it reads all of an embedding.
std::optional<EmbeddingRows> embedding_rows(const Model& model, const Sequences& sequences);

}  // namespace w2s
