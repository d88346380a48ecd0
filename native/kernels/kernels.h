// What a decoder needs besides matrix products, forward and backward by hand. Three implementations: plain ATen
// (the reference, any device), our loops for the CPU, our CUDA kernels. A test compares each with the first.
//
// Tensors are contiguous where nothing else is said; activations are float32 or bfloat16, sums and statistics float32.
// Gradients of parameters are float32 and are added to. Shape suffixes: nn/packed.h; Q query rows, C a chunk of rows.
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <vector>

#include "../loss/confidence.h"
#include "../model/config.h"
#include "../nn/attention_layout.h"

namespace w2s {

struct AttentionCall {
  const AttentionLayout& layout;
  int64_t window = 0;  // tokens that a query sees, itself included; 0: all before it
  double scale = 1.0;
};

/// The output and what its backward needs besides the inputs.
struct Attended {
  at::Tensor out_QD;              // [Q, H·E], contiguous
  at::Tensor log_sum_exp;         // in the implementation's own layout
  std::vector<at::Tensor> saved;  // the same
};

struct Normed {
  at::Tensor out_ND;
  at::Tensor mean_N;   // float32; undefined for RMSNorm
  at::Tensor scale_N;  // float32: 1 / standard deviation, or 1 / root mean square
};

/// Weight and bias in the compute dtype; bias undefined for RMSNorm.
struct NormWeights {
  NormKind kind = NormKind::kRmsNorm;
  double epsilon = 1e-6;
  at::Tensor weight_D, bias_D;
};

struct ChunkScores {
  at::Tensor log_probs_C;  // float32
  at::Tensor argmax_C;     // int64, the likeliest; ties: the first
};

class Kernels {
 public:
  virtual ~Kernels() = default;

  /// Memory for activations, not filled; what was given back may be used again.
  virtual at::Tensor empty(at::IntArrayRef shape, const at::TensorOptions& options) const;

  /// softmax(scale · q kᵀ) v over what the layout and the window let each query see. q_QHE, k_NGE, v_NGE: any
  /// strides with a contiguous last dimension; G divides H.
  virtual Attended attention(const AttentionCall& call, const at::Tensor& q_QHE, const at::Tensor& k_NGE,
                             const at::Tensor& v_NGE) const = 0;
  /// Overwrites d_q_QHE, d_k_NGE and d_v_NGE, which may be views of a larger tensor (rows that nobody sees get 0).
  virtual void attention_backward(const AttentionCall& call, const at::Tensor& q_QHE, const at::Tensor& k_NGE,
                                  const at::Tensor& v_NGE, const Attended& attended,
                                  const at::Tensor& d_out_QD, at::Tensor d_q_QHE, at::Tensor d_k_NGE,
                                  at::Tensor d_v_NGE) const = 0;
  /// Whether attention of queries like these takes all that it has to know of lengths from the offsets on the device:
  /// recorded (recorded_work.h), it may then run again for others.
  virtual bool records_attention(const AttentionCall& call, const at::Tensor& q_QHE) const;

  /// activation(x + bias); the bias may be undefined.
  virtual at::Tensor activation(const at::Tensor& x_NF, const at::Tensor& bias_F, Activation kind) const = 0;
  /// d x, written over d_y_NF and returned. Adds its column sums to d_bias_F where defined.
  virtual at::Tensor activation_backward(at::Tensor d_y_NF, const at::Tensor& x_NF, const at::Tensor& bias_F,
                                         Activation kind, at::Tensor d_bias_F) const = 0;

  /// activation(gate) · up (SwiGLU with SiLU) -> [N, F], where gate_up_N2F holds the gate in its first F columns and up
  /// in the rest: both come from one product.
  virtual at::Tensor gated(const at::Tensor& gate_up_N2F, Activation kind) const = 0;
  /// d gate and d up, side by side, written over gate_up_N2F and returned.
  virtual at::Tensor gated_backward(const at::Tensor& d_y_NF, at::Tensor gate_up_N2F,
                                    Activation kind) const = 0;

  /// Adds delta + delta_bias (either may be undefined) to the residual x_ND in place, then norms it over the last
  /// dimension with float32 statistics. RMSNorm rounds to the compute dtype before it multiplies by the weight, as
  /// Transformers' LlamaRMSNorm does.
  virtual Normed residual_norm(at::Tensor x_ND, const at::Tensor& delta_ND, const at::Tensor& delta_bias_D,
                               const NormWeights& norm) const = 0;
  /// Gradient of x_ND, the summed residual that was normed: that of the norm, plus d_x_ND, which came by the residual
  /// stream, is written over (undefined: none) and returned. Adds to d_weight_D and, for layer norm, d_bias_D.
  virtual at::Tensor norm_backward(const at::Tensor& d_y_ND, const at::Tensor& x_ND, const Normed& normed,
                                   const NormWeights& norm, at::Tensor d_x_ND, at::Tensor d_weight_D,
                                   at::Tensor d_bias_D) const = 0;

  /// x_ND += delta_ND + bias_D (either may be undefined), in place.
  virtual void add_residual(at::Tensor x_ND, const at::Tensor& delta_ND, const at::Tensor& bias_D) const = 0;
  /// bias_F += column sums of x_NF (any stride of rows).
  virtual void add_column_sums(const at::Tensor& x_NF, at::Tensor bias_F) const = 0;

  /// Rotates pairs (i, i + E/2) of x_NHE (any stride of rows) in place and in float32; `inverse` undoes it, which is its backward too.
  /// cos_NE2 and sin_NE2: float32 [N, E/2].
  virtual void rotate(at::Tensor x_NHE, const at::Tensor& cos_NE2, const at::Tensor& sin_NE2,
                      bool inverse) const = 0;

  /// log softmax of each row of float32 logits at its target. With d_log_probs_C (d loss / d log p) the logits are
  /// overwritten by their gradient, d · (onehot − softmax).
  virtual ChunkScores score_chunk(at::Tensor logits_CV, const at::Tensor& targets_C,
                                  const at::Tensor& d_log_probs_C) const = 0;

  /// The auxiliary confidence loss of one optimizer batch (loss/confidence.h) from its logits [B, 2], float32 or
  /// float64, and targets, float32, all on the kernels' device: threshold, mixed target, loss and gradient in double.
  /// Ties at the threshold go as in `harden`. Unless overridden: the reference.
  virtual LossAndGradient confidence(const LossRows& rows, double alpha, const Threshold& threshold) const;
};

/// The reference, on any device.
std::shared_ptr<const Kernels> plain_kernels();
/// The reference, with attention that knows nothing but offsets where there are any; it waits for the device.
std::shared_ptr<const Kernels> offset_kernels();
/// Our loops, on the CPU.
std::shared_ptr<const Kernels> cpu_kernels();

}  // namespace w2s
