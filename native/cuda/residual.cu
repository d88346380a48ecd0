// The residual stream's additions, and the rotary embedding.
#include "kernels.h"
#include "rows.cuh"

namespace w2s {
namespace {

constexpr int kRotateThreads = 128;

template <class T, int W>
__global__ void add_residual_kernel(w2s_cuda_residual_call call) {
  const std::int64_t columns = call.shape.columns;
  const std::int64_t column = own_column<W>();
  if (column >= columns) return;
  Pack<T, W> bias{};  // zeros
  if (call.bias != nullptr) bias = load<W>(static_cast<const T*>(call.bias) + column);
  for (std::int64_t row = blockIdx.y; row < call.shape.rows; row += gridDim.y) {
    const std::int64_t at = row * columns + column;
    Pack<T, W> x = load<W>(static_cast<const T*>(call.x) + at), delta{};
    if (call.delta != nullptr) delta = load<W>(static_cast<const T*>(call.delta) + at);
    for (int i = 0; i < W; ++i) {
      x.values[i] = narrow<T>(widen(x.values[i]) + widen(delta.values[i]) + widen(bias.values[i]));
    }
    store(static_cast<T*>(call.x) + at, x);
  }
}

// A block for each row: its threads take the pairs (i, i + E/2) of all heads in turn.
template <class T>
__global__ void rotate_kernel(w2s_cuda_rotate_call call) {
  const std::int64_t row = blockIdx.x;
  const int half = static_cast<int>(call.shape.columns / 2);
  const int pairs = static_cast<int>(call.heads) * half;
  T* x_row = static_cast<T*>(call.x) + row * call.row_stride;
  const float* cosine = call.cosine + row * half;
  const float* sine = call.sine + row * half;
  for (int pair = threadIdx.x; pair < pairs; pair += kRotateThreads) {
    const int head = pair / half, i = pair % half;
    T* first = x_row + head * call.head_stride + i;
    T* second = first + half;
    const float c = cosine[i], s = call.inverse != 0 ? -sine[i] : sine[i];
    const float a = widen(*first), b = widen(*second);
    *first = narrow<T>(a * c - b * s);
    *second = narrow<T>(b * c + a * s);
  }
}

}  // namespace

cudaError_t launch_add_residual(const w2s_cuda_residual_call& call, cudaStream_t stream) {
  return by_dtype(call.shape.dtype, [&](auto zero) {
    using T = decltype(zero);
    return by_width<T>({call.shape.columns}, {call.x, call.delta, call.bias}, [&](auto width) {
      constexpr int W = decltype(width)::value;
      const dim3 grid = column_grid(call.shape.columns, W, call.shape.rows);
      return launch(add_residual_kernel<T, W>, grid, dim3(kColumnThreads), stream, call);
    });
  });
}

cudaError_t launch_rotate(const w2s_cuda_rotate_call& call, cudaStream_t stream) {
  return by_dtype(call.shape.dtype, [&](auto zero) {
    using T = decltype(zero);
    const dim3 grid(static_cast<unsigned>(call.shape.rows));
    return launch(rotate_kernel<T>, grid, dim3(kRotateThreads), stream, call);
  });
}

}  // namespace w2s
