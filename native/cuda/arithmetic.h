// Formulas that kernels compute, apart from where their operands lie.
#pragma once

#include <cmath>
#include <cstdint>

#include "w2s_cuda.h"

#ifdef __CUDACC__
#define W2S_DEVICE __device__ __forceinline__
#else
#define W2S_DEVICE inline
#endif

namespace w2s {

constexpr float kSqrtTwoOverPi = 0.7978845608028654f;
constexpr float kGeluCubic = 0.044715f;
constexpr float kSqrtHalf = 0.7071067811865476f;
constexpr float kOneOverSqrtTwoPi = 0.3989422804014327f;

W2S_DEVICE float sigmoid(float x) { return 1.0f / (1.0f + expf(-x)); }

// Its derivative s (1 − s), without the difference, which near 1 has no digits.
W2S_DEVICE float sigmoid_slope(float x) {
  const float e = expf(-fabsf(x));
  return e / ((1.0f + e) * (1.0f + e));
}

W2S_DEVICE float normal_cdf(float x) { return 0.5f * (1.0f + erff(x * kSqrtHalf)); }

// The tanh approximation of GELU (Hendrycks and Gimpel 2016) is ½ x (1 + tanh u) with u = √(2/π) (x + c x³), which is
// x sigmoid(2u).
W2S_DEVICE float gelu_twice_u(float x) { return 2.0f * kSqrtTwoOverPi * (x + kGeluCubic * x * x * x); }

W2S_DEVICE float activate(std::int32_t activation, float x) {
  switch (activation) {
    case W2S_CUDA_GELU_TANH:
      return x * sigmoid(gelu_twice_u(x));
    case W2S_CUDA_GELU:
      return x * normal_cdf(x);
    case W2S_CUDA_SILU:
      return x * sigmoid(x);
    default:
      return x < 0.0f ? 0.0f : x;  // in this order, so that NaN stays NaN
  }
}

W2S_DEVICE float activation_derivative(std::int32_t activation, float x) {
  switch (activation) {
    case W2S_CUDA_GELU_TANH: {
      const float twice_u = gelu_twice_u(x);
      const float slope_of_twice_u = 2.0f * kSqrtTwoOverPi * (1.0f + 3.0f * kGeluCubic * x * x);
      return sigmoid(twice_u) + x * sigmoid_slope(twice_u) * slope_of_twice_u;
    }
    case W2S_CUDA_GELU:
      return normal_cdf(x) + x * kOneOverSqrtTwoPi * expf(-0.5f * x * x);
    case W2S_CUDA_SILU:
      return sigmoid(x) + x * sigmoid_slope(x);
    default:
      return x > 0.0f ? 1.0f : 0.0f;
  }
}

}  // namespace w2s
