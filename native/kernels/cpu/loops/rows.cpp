// Residual sums, column sums and rotary embedding.
#include "table.h"
#include "vectors.h"

namespace w2s::loops::W2S_LOOPS {

template <class T>
void add_residual(const ResidualRows<T>& call) {
  for (int64_t row = 0; row < call.rows; ++row) {
    T* x = call.x + row * call.columns;
    const T* delta = call.delta ? call.delta + row * call.columns : nullptr;
    for (int64_t column = 0; column < call.columns; column += kLanes) {
      const int64_t count = call.columns - column;
      Floats value = load_up_to(x + column, count);
      if (delta) value += load_up_to(delta + column, count);
      if (call.bias) value += load_up_to(call.bias + column, count);
      store_up_to(x + column, value, count);
    }
  }
}

// A few rows at a time, so that a sum is fetched and stored once for all of them.
template <class T>
void add_column_sums(const ColumnSums<T>& call) {
  constexpr int64_t kTogether = 8;
  for (int64_t first = 0; first < call.rows; first += kTogether) {
    const int64_t end = first + kTogether < call.rows ? first + kTogether : call.rows;
    for (int64_t column = 0; column < call.columns; column += kLanes) {
      const int64_t count = call.columns - column;
      Floats sum = load_up_to(call.sums + column, count);
      for (int64_t row = first; row < end; ++row)
        sum += load_up_to(call.x + row * call.row_stride + column, count);
      store_up_to(call.sums + column, sum, count);
    }
  }
}

template <class T>
void rotate(const RotaryRows<T>& call) {
  const float sign = call.inverse ? -1.0f : 1.0f;
  for (int64_t row = 0; row < call.rows; ++row) {
    const float* cos_row = call.cos + row * call.half;
    const float* sin_row = call.sin + row * call.half;
    for (int64_t head = 0; head < call.heads; ++head) {
      T* first = call.x + row * call.row_stride + head * call.head_stride;
      T* second = first + call.half;
      for (int64_t i = 0; i < call.half; i += kLanes) {
        const int64_t count = call.half - i;
        const Floats cos = load_up_to(cos_row + i, count), sin = load_up_to(sin_row + i, count) * sign;
        const Floats a = load_up_to(first + i, count), b = load_up_to(second + i, count);
        store_up_to(first + i, a * cos - b * sin, count);
        store_up_to(second + i, b * cos + a * sin, count);
      }
    }
  }
}

#define W2S_INSTANTIATE(T)                             \
  template void add_residual(const ResidualRows<T>&);  \
  template void add_column_sums(const ColumnSums<T>&); \
  template void rotate(const RotaryRows<T>&);
W2S_INSTANTIATE(float)
W2S_INSTANTIATE(Bfloat16)

}  // namespace w2s::loops::W2S_LOOPS
