// What the hand-written backward needs of a forward pass.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "../kernels/kernels.h"

namespace w2s {

/// Of one block. In the last block queries and everything after attention have the R rows that are read; in the
/// others R is N.
struct BlockTape {
  at::Tensor x_ND;     // residual before the block
  Normed normed;       // what goes into queries, keys and values
  at::Tensor queried;  // the rows of `normed` that queries are made of [R, D]
  at::Tensor q_RHE, k_NGE, v_NGE;
  at::Tensor bare_q, bare_k;  // [R·H, E] and [N·G, E] before their norms, where a family has them
  Normed normed_q, normed_k;
  Attended attended;
  at::Tensor x_RD;  // residual between attention and MLP
  Normed mlp_normed;
  at::Tensor mlp_in;  // before the activation, [R, F] or gate and up [R, 2F]
  at::Tensor inner_RF;
};

/// Of one micro-batch; used up by its backward.
struct Tape {
  std::vector<BlockTape> blocks;
  at::Tensor cos_NE2, sin_NE2;  // undefined without rotary embedding
  at::Tensor cos_RE2, sin_RE2;  // of the rows that are read
  at::Tensor x_RD;              // residual after the last block
  Normed final_normed;
};

}  // namespace w2s
