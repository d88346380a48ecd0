// Norms with the residual sum before them, and their gradients. A row stays in the first cache between its passes.
#include <math.h>

#include "table.h"
#include "vectors.h"

namespace w2s::loops::W2S_LOOPS {
namespace {

// x += delta + delta_bias, as it is stored.
template <class T>
Floats add_delta(const NormRows<T>& call, T* x, const T* delta, int64_t column, int64_t count) {
  Floats value = load_up_to(x + column, count);
  if (!delta && !call.delta_bias) return value;
  if (delta) value += load_up_to(delta + column, count);
  if (call.delta_bias) value += load_up_to(call.delta_bias + column, count);
  value = rounded(x, value);
  store_up_to(x + column, value, count);
  return value;
}

// Lanes beyond the row count as 0.
inline Floats only(Floats x, int64_t count) {
  if (count >= kLanes) return x;
  float lanes[kLanes];
  store(lanes, x);
  return load_part(lanes, count);
}

template <class T>
void layer_norm_row(const NormRows<T>& call, int64_t row) {
  const int64_t columns = call.columns;
  T* x = call.x + row * columns;
  const T* delta = call.delta ? call.delta + row * columns : nullptr;
  T* out = call.out + row * columns;
  Floats sum = {};
  for (int64_t column = 0; column < columns; column += kLanes)
    sum += add_delta(call, x, delta, column, columns - column);
  const float mean = sum_lanes(sum) / static_cast<float>(columns);
  Floats squares = {};
  for (int64_t column = 0; column < columns; column += kLanes) {
    const Floats centred = only(load_up_to(x + column, columns - column) - mean, columns - column);
    squares += centred * centred;
  }
  const double variance = static_cast<double>(sum_lanes(squares)) / static_cast<double>(columns);
  const auto scale = static_cast<float>(1.0 / sqrt(variance + call.epsilon));
  for (int64_t column = 0; column < columns; column += kLanes) {
    const int64_t count = columns - column;
    const Floats hat = (load_up_to(x + column, count) - mean) * scale;
    const Floats y = hat * load_up_to(call.weight + column, count) + load_up_to(call.bias + column, count);
    store_up_to(out + column, y, count);
  }
  call.mean[row] = mean;
  call.scale[row] = scale;
}

template <class T>
void rms_norm_row(const NormRows<T>& call, int64_t row) {
  const int64_t columns = call.columns;
  T* x = call.x + row * columns;
  const T* delta = call.delta ? call.delta + row * columns : nullptr;
  T* out = call.out + row * columns;
  Floats squares = {};
  for (int64_t column = 0; column < columns; column += kLanes) {
    const Floats value = add_delta(call, x, delta, column, columns - column);
    squares += value * value;
  }
  const double square = static_cast<double>(sum_lanes(squares)) / static_cast<double>(columns);
  const auto scale = static_cast<float>(1.0 / sqrt(square + call.epsilon));
  for (int64_t column = 0; column < columns; column += kLanes) {
    const int64_t count = columns - column;
    const Floats hat = rounded(x, load_up_to(x + column, count) * scale);
    store_up_to(out + column, hat * load_up_to(call.weight + column, count), count);
  }
  call.scale[row] = scale;
}

// dx = scale · (g − mean(g) − x̂ · mean(g ∘ x̂)) with g = weight ∘ dy; RMSNorm without mean(g).
template <class T, bool centred>
void backward_row(const NormBackwardRows<T>& call, int64_t row) {
  const int64_t columns = call.columns;
  const T* d_y = call.d_y + row * columns;
  const T* x = call.x + row * columns;
  T* d_x = call.d_x + row * columns;
  const float mean = centred ? call.mean[row] : 0.0f, scale = call.scale[row];
  Floats sum = {}, product = {};
  for (int64_t column = 0; column < columns; column += kLanes) {
    const int64_t count = columns - column;
    const Floats d = load_up_to(d_y + column, count);
    const Floats hat = (load_up_to(x + column, count) - mean) * scale;
    const Floats g = d * load_up_to(call.weight + column, count);
    if constexpr (centred) sum += g;
    product += g * hat;
    float* weight_sums = call.weight_sums + column;
    store_up_to(weight_sums, load_up_to(weight_sums, count) + d * hat, count);
    if (!call.bias_sums) continue;
    float* bias_sums = call.bias_sums + column;
    store_up_to(bias_sums, load_up_to(bias_sums, count) + d, count);
  }
  const float mean_g = centred ? sum_lanes(sum) / static_cast<float>(columns) : 0.0f;
  const float mean_product = sum_lanes(product) / static_cast<float>(columns);
  for (int64_t column = 0; column < columns; column += kLanes) {
    const int64_t count = columns - column;
    const Floats hat = (load_up_to(x + column, count) - mean) * scale;
    const Floats g = load_up_to(d_y + column, count) * load_up_to(call.weight + column, count);
    Floats d = (g - mean_g - hat * mean_product) * scale;
    if (call.add) d += load_up_to(d_x + column, count);
    store_up_to(d_x + column, d, count);
  }
}

}  // namespace

template <class T>
void norm(const NormRows<T>& call) {
  for (int64_t row = 0; row < call.rows; ++row) {
    if (call.mean) {
      layer_norm_row(call, row);
    } else {
      rms_norm_row(call, row);
    }
  }
}

template <class T>
void norm_backward(const NormBackwardRows<T>& call) {
  for (int64_t row = 0; row < call.rows; ++row) {
    if (call.mean) {
      backward_row<T, true>(call, row);
    } else {
      backward_row<T, false>(call, row);
    }
  }
}

template void norm(const NormRows<float>&);
template void norm(const NormRows<Bfloat16>&);
template void norm_backward(const NormBackwardRows<float>&);
template void norm_backward(const NormBackwardRows<Bfloat16>&);

}  // namespace w2s::loops::W2S_LOOPS
