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

// The tanh approximation of GELU (Hendrycks and Gimpel 2016): ½ x (1 + tanh u), u = √(2/π) (x + c x³).
constexpr float kSqrtTwoOverPi = 0.7978845608028654f;
constexpr float kGeluCubic = 0.044715f;
constexpr float kSqrtHalf = 0.7071067811865476f;
constexpr float kOneOverSqrtTwoPi = 0.3989422804014327f;

W2S_DEVICE float gelu_tanh_of(float x) { return tanhf(kSqrtTwoOverPi * (x + kGeluCubic * x * x * x)); }
W2S_DEVICE float normal_cdf(float x) { return 0.5f * (1.0f + erff(x * kSqrtHalf)); }
W2S_DEVICE float sigmoid(float x) { return 1.0f / (1.0f + expf(-x)); }

W2S_DEVICE float activate(std::int32_t activation, float x) {
  switch (activation) {
    case W2S_CUDA_GELU_TANH:
      return 0.5f * x * (1.0f + gelu_tanh_of(x));
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
      const float t = gelu_tanh_of(x);
      return 0.5f * (1.0f + t) +
             0.5f * x * (1.0f - t * t) * kSqrtTwoOverPi * (1.0f + 3.0f * kGeluCubic * x * x);
    }
    case W2S_CUDA_GELU:
      return normal_cdf(x) + x * kOneOverSqrtTwoPi * expf(-0.5f * x * x);
    case W2S_CUDA_SILU: {
      const float s = sigmoid(x);
      return s * (1.0f + x * (1.0f - s));
    }
    default:
      return x > 0.0f ? 1.0f : 0.0f;
  }
}

}  // namespace w2s
