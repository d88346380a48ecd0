// Between sequences, which a model scores, and examples, which a loss sees: one of the other, or several sequences
// an example.
#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <cstdint>
#include <vector>

#include "../loss/objective.h"
#include "../model/head.h"

namespace w2s {

/// The shape [B, K] of an objective's targets for that many sequences. Errors: ERR_ARGUMENT where they, the sequences
/// and the head do not go together.
std::array<int64_t, 2> checked_shape(const Objective& objective, const Head& head, int64_t sequences);

/// The examples of some sequences, in the order in which they first appear.
std::vector<int64_t> examples_of(const std::vector<int64_t>& sequences, int64_t group);

/// Of S sequences' scores [S, outputs], the logits [B, K] of their examples: with groups each sequence gives one, its
/// last (the only one of a scalar head, z of a likelihood's [0, z]).
at::Tensor example_logits(const at::Tensor& scores_SK, int64_t group);

/// Its transpose: d loss / d scores [S, outputs].
at::Tensor score_gradients(const at::Tensor& d_logits_BK, int64_t group, int64_t outputs);

}  // namespace w2s
