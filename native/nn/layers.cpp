#include "layers.h"

#include <ATen/ops/addmm.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/rsqrt.h>
#include <ATen/ops/silu.h>

namespace w2s {

at::Tensor Linear::operator()(const at::Tensor& x) const {
  const auto dtype = x.scalar_type();
  const at::Tensor w = weight.to(dtype);
  if (!input_major) return at::linear(x, w, bias.defined() ? std::optional(bias.to(dtype)) : std::nullopt);
  return bias.defined() ? at::addmm(bias.to(dtype), x, w) : at::mm(x, w);
}

at::Tensor Norm::operator()(const at::Tensor& x) const {
  const auto dtype = x.scalar_type();
  if (kind == NormKind::kLayerNorm) {
    return at::layer_norm(x, {x.size(-1)}, weight.to(dtype), bias.to(dtype), epsilon);
  }
  const at::Tensor wide = x.to(at::kFloat);
  const at::Tensor scale = at::rsqrt(wide.pow(2).mean(-1, /*keepdim=*/true) + epsilon);
  return (wide * scale).to(dtype) * weight.to(dtype);
}

at::Tensor activate(const at::Tensor& x, Activation activation) {
  switch (activation) {
    case Activation::kGeluTanh:
      return at::gelu(x, "tanh");
    case Activation::kGelu:
      return at::gelu(x, "none");
    case Activation::kSilu:
      return at::silu(x);
    case Activation::kRelu:
      return at::relu(x);
  }
  return x;
}

}  // namespace w2s
