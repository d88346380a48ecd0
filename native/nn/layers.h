// Linear maps, norms and activations. Parameters are float32 masters; inputs come in the compute dtype, to
// which a parameter is cast where it is used, so that gradients accumulate in float32.
#pragma once

#include <ATen/core/Tensor.h>

#include "../model/config.h"

namespace w2s {

struct Linear {
  at::Tensor weight;  // [out, in], or [in, out] when input_major
  at::Tensor bias;    // undefined: none
  bool input_major = false;

  bool defined() const { return weight.defined(); }
  /// x [N, in] → [N, out] in x's dtype.
  at::Tensor operator()(const at::Tensor& x) const;
};

struct Norm {
  NormKind kind = NormKind::kRmsNorm;
  double epsilon = 1e-6;
  at::Tensor weight;
  at::Tensor bias;  // layer norm only

  /// Normalises the last dimension with float32 statistics. RMSNorm rounds to x's dtype before it multiplies
  /// by the weight, as Transformers' LlamaRMSNorm does.
  at::Tensor operator()(const at::Tensor& x) const;
};

at::Tensor activate(const at::Tensor& x, Activation activation);

}  // namespace w2s
