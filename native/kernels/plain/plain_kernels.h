// The reference for the other kernels: ATen operators on any device, formulas as they stand in papers, no autograd.
// Everything is computed in float32 and rounded to the compute dtype once, where it is stored.
#pragma once

#include "../kernels.h"

namespace w2s {

class PlainKernels : public Kernels {
 public:
  /// `log_sum_exp` is [Q, H].
  Attended attention(const AttentionCall& call, const at::Tensor& q_QHE, const at::Tensor& k_NGE,
                     const at::Tensor& v_NGE) const override;
  void attention_backward(const AttentionCall& call, const at::Tensor& q_QHE, const at::Tensor& k_NGE,
                          const at::Tensor& v_NGE, const Attended& attended, const at::Tensor& d_out_QD,
                          at::Tensor d_q_QHE, at::Tensor d_k_NGE, at::Tensor d_v_NGE) const override;

  at::Tensor activation(const at::Tensor& x_NF, const at::Tensor& bias_F, Activation kind) const override;
  at::Tensor activation_backward(at::Tensor d_y_NF, const at::Tensor& x_NF, const at::Tensor& bias_F,
                                 Activation kind, at::Tensor d_bias_F) const override;
  at::Tensor gated(const at::Tensor& gate_up_N2F, Activation kind) const override;
  at::Tensor gated_backward(const at::Tensor& d_y_NF, at::Tensor gate_up_N2F, Activation kind) const override;

  Normed residual_norm(at::Tensor x_ND, const at::Tensor& delta_ND, const at::Tensor& delta_bias_D,
                       const NormWeights& norm) const override;
  at::Tensor norm_backward(const at::Tensor& d_y_ND, const at::Tensor& x_ND, const Normed& normed,
                           const NormWeights& norm, at::Tensor d_x_ND, at::Tensor d_weight_D,
                           at::Tensor d_bias_D) const override;

  void add_residual(at::Tensor x_ND, const at::Tensor& delta_ND, const at::Tensor& bias_D) const override;
  void add_column_sums(const at::Tensor& x_NF, at::Tensor bias_F) const override;
  void rotate(at::Tensor x_NHE, const at::Tensor& cos_NE2, const at::Tensor& sin_NE2,
              bool inverse) const override;
  ChunkScores score_chunk(at::Tensor logits_CV, const at::Tensor& targets_C,
                          const at::Tensor& d_log_probs_C) const override;
};

}  // namespace w2s
