#include "curves.h"
#include "table.h"

namespace w2s::loops::W2S_LOOPS {
namespace {

template <class T>
Floats biased(const T* x, const T* bias, int64_t column, int64_t count) {
  const Floats value = load_up_to(x + column, count);
  return bias ? value + load_up_to(bias + column, count) : value;
}

template <class T, Curve curve>
void forward(const ActivationRows<T>& call) {
  for (int64_t row = 0; row < call.rows; ++row) {
    const T* x = call.x + row * call.columns;
    T* y = call.y + row * call.columns;
    for (int64_t column = 0; column < call.columns; column += kLanes) {
      const int64_t count = call.columns - column;
      store_up_to(y + column, CurveOf<curve>::value(biased(x, call.bias, column, count)), count);
    }
  }
}

// A few rows at a time, so that a sum is fetched and stored once for all of them.
template <class T, Curve curve>
void backward(const ActivationBackwardRows<T>& call) {
  constexpr int64_t kTogether = 4;
  for (int64_t first = 0; first < call.rows; first += kTogether) {
    const int64_t end = first + kTogether < call.rows ? first + kTogether : call.rows;
    for (int64_t column = 0; column < call.columns; column += kLanes) {
      const int64_t count = call.columns - column;
      Floats sum = {};
      for (int64_t row = first; row < end; ++row) {
        T* d_y = call.d_y + row * call.columns + column;
        const Floats x = biased(call.x + row * call.columns, call.bias, column, count);
        const Floats d_x = load_up_to(d_y, count) * CurveOf<curve>::both(x).slope;
        store_up_to(d_y, d_x, count);
        sum += d_x;
      }
      if (!call.sums) continue;
      store_up_to(call.sums + column, load_up_to(call.sums + column, count) + sum, count);
    }
  }
}

template <class T, Curve curve>
void gate(const GatedRows<T>& call) {
  for (int64_t row = 0; row < call.rows; ++row) {
    const T* g = call.gate_up + 2 * row * call.columns;
    const T* up = g + call.columns;
    T* y = call.y + row * call.columns;
    for (int64_t column = 0; column < call.columns; column += kLanes) {
      const int64_t count = call.columns - column;
      const Floats value = CurveOf<curve>::value(load_up_to(g + column, count));
      store_up_to(y + column, value * load_up_to(up + column, count), count);
    }
  }
}

template <class T, Curve curve>
void gate_backward(const GatedBackwardRows<T>& call) {
  for (int64_t row = 0; row < call.rows; ++row) {
    const T* d_y = call.d_y + row * call.columns;
    T* g = call.gate_up + 2 * row * call.columns;
    T* up = g + call.columns;
    for (int64_t column = 0; column < call.columns; column += kLanes) {
      const int64_t count = call.columns - column;
      const ValueAndSlope at_gate = CurveOf<curve>::both(load_up_to(g + column, count));
      const Floats d = load_up_to(d_y + column, count);
      store_up_to(g + column, d * load_up_to(up + column, count) * at_gate.slope, count);
      store_up_to(up + column, d * at_gate.value, count);
    }
  }
}

}  // namespace

#define W2S_BY_CURVE(function, call)              \
  switch ((call).curve) {                         \
    case Curve::kGeluTanh:                        \
      return function<T, Curve::kGeluTanh>(call); \
    case Curve::kGelu:                            \
      return function<T, Curve::kGelu>(call);     \
    case Curve::kSilu:                            \
      return function<T, Curve::kSilu>(call);     \
    case Curve::kRelu:                            \
      return function<T, Curve::kRelu>(call);     \
  }

template <class T>
void activation(const ActivationRows<T>& call) {
  W2S_BY_CURVE(forward, call)
}
template <class T>
void activation_backward(const ActivationBackwardRows<T>& call) {
  W2S_BY_CURVE(backward, call)
}
template <class T>
void gated(const GatedRows<T>& call) {
  W2S_BY_CURVE(gate, call)
}
template <class T>
void gated_backward(const GatedBackwardRows<T>& call){W2S_BY_CURVE(gate_backward, call)}

#define W2S_INSTANTIATE(T)                                             \
  template void activation(const ActivationRows<T>&);                  \
  template void activation_backward(const ActivationBackwardRows<T>&); \
  template void gated(const GatedRows<T>&);                            \
  template void gated_backward(const GatedBackwardRows<T>&);
W2S_INSTANTIATE(float) W2S_INSTANTIATE(Bfloat16)

}  // namespace w2s::loops::W2S_LOOPS
