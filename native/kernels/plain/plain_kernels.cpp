#include "plain_kernels.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/argmax.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/erf.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/rsqrt.h>

#include <cmath>
#include <numbers>

namespace w2s {
namespace {

const double kSqrtTwoOverPi = std::sqrt(2.0 / std::numbers::pi);
constexpr double kGeluCubic = 0.044715;

at::Tensor wide(const at::Tensor& x) { return x.to(at::kFloat); }

at::Tensor with_bias(const at::Tensor& x_NF, const at::Tensor& bias_F) {
  return bias_F.defined() ? wide(x_NF) + wide(bias_F) : wide(x_NF);
}

// tanh of the tanh approximation of GELU (Hendrycks and Gimpel 2016).
at::Tensor gelu_tanh_of(const at::Tensor& x) { return ((x + kGeluCubic * x.pow(3)) * kSqrtTwoOverPi).tanh(); }

at::Tensor normal_cdf(const at::Tensor& x) { return 0.5 * (1.0 + at::erf(x / std::numbers::sqrt2)); }

at::Tensor activate(const at::Tensor& x, Activation kind) {
  switch (kind) {
    case Activation::kGeluTanh:
      return 0.5 * x * (1.0 + gelu_tanh_of(x));
    case Activation::kGelu:
      return x * normal_cdf(x);
    case Activation::kSilu:
      return x * x.sigmoid();
    case Activation::kRelu:
      break;
  }
  return x.clamp_min(0.0);
}

at::Tensor derivative(const at::Tensor& x, Activation kind) {
  switch (kind) {
    case Activation::kGeluTanh: {
      const at::Tensor t = gelu_tanh_of(x);
      const at::Tensor inner = kSqrtTwoOverPi * (1.0 + 3.0 * kGeluCubic * x.pow(2));
      return 0.5 * (1.0 + t) + 0.5 * x * (1.0 - t.pow(2)) * inner;
    }
    case Activation::kGelu: {
      const at::Tensor density = (-0.5 * x.pow(2)).exp() * (1.0 / std::sqrt(2.0 * std::numbers::pi));
      return normal_cdf(x) + x * density;
    }
    case Activation::kSilu: {
      const at::Tensor s = x.sigmoid();
      return s * (1.0 + x * (1.0 - s));
    }
    case Activation::kRelu:
      break;
  }
  return wide(x.gt(0.0));
}

// x without mean, over its standard deviation; over its root mean square for RMSNorm.
at::Tensor standardised(const at::Tensor& x_ND, const Normed& normed) {
  const at::Tensor centred = normed.mean_N.defined() ? wide(x_ND) - normed.mean_N.unsqueeze(1) : wide(x_ND);
  return centred * normed.scale_N.unsqueeze(1);
}

}  // namespace

at::Tensor PlainKernels::activation(const at::Tensor& x_NF, const at::Tensor& bias_F, Activation kind) const {
  const at::NoGradGuard no_grad;
  return activate(with_bias(x_NF, bias_F), kind).to(x_NF.scalar_type());
}

at::Tensor PlainKernels::activation_backward(at::Tensor d_y_NF, const at::Tensor& x_NF,
                                             const at::Tensor& bias_F, Activation kind,
                                             at::Tensor d_bias_F) const {
  const at::NoGradGuard no_grad;
  const at::Tensor d_x_NF = wide(d_y_NF) * derivative(with_bias(x_NF, bias_F), kind);
  if (d_bias_F.defined()) d_bias_F.add_(d_x_NF.sum(0));
  return d_y_NF.copy_(d_x_NF);
}

at::Tensor PlainKernels::gated(const at::Tensor& gate_up_N2F, Activation kind) const {
  const at::NoGradGuard no_grad;
  const int64_t half = gate_up_N2F.size(1) / 2;
  const at::Tensor gate_NF = wide(gate_up_N2F.narrow(1, 0, half));
  const at::Tensor up_NF = wide(gate_up_N2F.narrow(1, half, half));
  return (activate(gate_NF, kind) * up_NF).to(gate_up_N2F.scalar_type());
}

at::Tensor PlainKernels::gated_backward(const at::Tensor& d_y_NF, at::Tensor gate_up_N2F,
                                        Activation kind) const {
  const at::NoGradGuard no_grad;
  const int64_t half = gate_up_N2F.size(1) / 2;
  const at::Tensor gate_NF = wide(gate_up_N2F.narrow(1, 0, half)), d_y = wide(d_y_NF);
  const at::Tensor up_NF = wide(gate_up_N2F.narrow(1, half, half));
  return gate_up_N2F.copy_(
      at::cat({d_y * up_NF * derivative(gate_NF, kind), d_y * activate(gate_NF, kind)}, 1));
}

Normed PlainKernels::residual_norm(at::Tensor x_ND, const at::Tensor& delta_ND,
                                   const at::Tensor& delta_bias_D, const NormWeights& norm) const {
  const at::NoGradGuard no_grad;
  add_residual(x_ND, delta_ND, delta_bias_D);
  const at::Tensor x = wide(x_ND);
  const auto dtype = x_ND.scalar_type();
  Normed normed;
  if (norm.kind == NormKind::kRmsNorm) {
    normed.scale_N = at::rsqrt(x.pow(2).mean(1) + norm.epsilon);
    normed.out_ND = standardised(x, normed).to(dtype) * norm.weight_D.to(dtype);
    return normed;
  }
  normed.mean_N = x.mean(1);
  normed.scale_N = at::rsqrt((x - normed.mean_N.unsqueeze(1)).pow(2).mean(1) + norm.epsilon);
  normed.out_ND = (standardised(x, normed) * wide(norm.weight_D) + wide(norm.bias_D)).to(dtype);
  return normed;
}

// With x̂ what was multiplied by the weight w and g = w ∘ dy: dx = scale · (g − mean(g) − x̂ · mean(g ∘ x̂)), for
// RMSNorm without mean(g).
at::Tensor PlainKernels::norm_backward(const at::Tensor& d_y_ND, const at::Tensor& x_ND, const Normed& normed,
                                       const NormWeights& norm, at::Tensor d_x_ND, at::Tensor d_weight_D,
                                       at::Tensor d_bias_D) const {
  const at::NoGradGuard no_grad;
  const at::Tensor d_y = wide(d_y_ND), hat_ND = standardised(x_ND, normed);
  const at::Tensor g_ND = d_y * wide(norm.weight_D);
  at::Tensor d_ND = g_ND - hat_ND * (g_ND * hat_ND).mean(1, /*keepdim=*/true);
  if (norm.kind == NormKind::kLayerNorm) d_ND = d_ND - g_ND.mean(1, /*keepdim=*/true);
  d_ND = d_ND * normed.scale_N.unsqueeze(1);
  d_weight_D.add_((d_y * hat_ND).sum(0));
  if (d_bias_D.defined()) d_bias_D.add_(d_y.sum(0));
  if (!d_x_ND.defined()) return d_ND.to(x_ND.scalar_type());
  return d_x_ND.copy_(wide(d_x_ND) + d_ND);
}

void PlainKernels::add_residual(at::Tensor x_ND, const at::Tensor& delta_ND, const at::Tensor& bias_D) const {
  const at::NoGradGuard no_grad;
  at::Tensor sum_ND = wide(x_ND);
  if (delta_ND.defined()) sum_ND = sum_ND + wide(delta_ND);
  x_ND.copy_(with_bias(sum_ND, bias_D));
}

void PlainKernels::add_column_sums(const at::Tensor& x_NF, at::Tensor bias_F) const {
  const at::NoGradGuard no_grad;
  bias_F.add_(wide(x_NF).sum(0));
}

void PlainKernels::rotate(at::Tensor x_NHE, const at::Tensor& cos_NE2, const at::Tensor& sin_NE2,
                          bool inverse) const {
  const at::NoGradGuard no_grad;
  const int64_t half = x_NHE.size(2) / 2;
  const at::Tensor cos_N1E2 = cos_NE2.unsqueeze(1);
  const at::Tensor sin_N1E2 = (inverse ? sin_NE2.neg() : sin_NE2).unsqueeze(1);
  const at::Tensor x = wide(x_NHE);
  const at::Tensor first = x.narrow(2, 0, half), second = x.narrow(2, half, half);
  x_NHE.copy_(
      at::cat({first * cos_N1E2 - second * sin_N1E2, second * cos_N1E2 + first * sin_N1E2}, /*dim=*/2));
}

ChunkScores PlainKernels::score_chunk(at::Tensor logits_CV, const at::Tensor& targets_C,
                                      const at::Tensor& d_log_probs_C) const {
  const at::NoGradGuard no_grad;
  const at::Tensor log_probs_CV = at::log_softmax(logits_CV, 1), targets_C1 = targets_C.unsqueeze(1);
  ChunkScores scores{log_probs_CV.gather(1, targets_C1).squeeze(1), at::argmax(logits_CV, 1)};
  if (d_log_probs_C.defined()) {
    const at::Tensor d_C1 = d_log_probs_C.unsqueeze(1);
    logits_CV.copy_(log_probs_CV.exp().mul_(-d_C1)).scatter_add_(1, targets_C1, d_C1);
  }
  return scores;
}

std::shared_ptr<const Kernels> plain_kernels() { return std::make_shared<const PlainKernels>(); }

}  // namespace w2s
