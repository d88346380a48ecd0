// Activations and their derivatives, a vector at a time.
#pragma once

#include "vectors.h"

namespace w2s::loops::W2S_LOOPS {

struct ValueAndSlope {
  Floats value, slope;
};

template <Curve curve>
struct CurveOf;

// x · ½ (1 + tanh u) with u = √(2/π) (x + 0.044715 x³), where ½ (1 + tanh u) is sigmoid(2u).
template <>
struct CurveOf<Curve::kGeluTanh> {
  static constexpr float kTwice = 1.5957691216057308f;  // 2 √(2/π)
  static constexpr float kCubic = 0.044715f;

  static Floats value(Floats x) { return x * sigmoid(x * (x * x * (kTwice * kCubic) + kTwice)); }
  static ValueAndSlope both(Floats x) {
    const Floats square = x * x;
    const Floats s = sigmoid(x * (square * (kTwice * kCubic) + kTwice));
    const Floats inner = square * (3.0f * kTwice * kCubic) + kTwice;
    return {x * s, s + x * inner * (s * (1.0f - s))};
  }
};

template <>
struct CurveOf<Curve::kGelu> {
  static Floats cdf(Floats x) { return 0.5f + 0.5f * erf(x * 0.70710678118654752f); }
  static Floats value(Floats x) { return x * cdf(x); }
  static ValueAndSlope both(Floats x) {
    const Floats c = cdf(x);
    return {x * c, c + x * (0.3989422804014327f * exp(x * x * -0.5f))};
  }
};

template <>
struct CurveOf<Curve::kSilu> {
  static Floats value(Floats x) { return x * sigmoid(x); }
  static ValueAndSlope both(Floats x) {
    const Floats s = sigmoid(x);
    return {x * s, s + x * (s * (1.0f - s))};
  }
};

template <>
struct CurveOf<Curve::kRelu> {
  // In this order, so that what is not a number stays one.
  static Floats value(Floats x) { return larger(all(0.0f), x); }
  static ValueAndSlope both(Floats x) { return {value(x), x > 0.0f ? all(1.0f) : all(0.0f)}; }
};

}  // namespace w2s::loops::W2S_LOOPS
