// Activations with their bias, forward and backward; gated activations; sums of columns. All are bound by memory: each
// thread goes down the same few columns, so that a bias is read once and column sums stay in registers.
#include "kernels.h"
#include "rows.cuh"

namespace w2s {
namespace {

// Zeros where there is none.
template <class T, int W>
__device__ __forceinline__ Pack<T, W> load_bias(const void* bias, std::int64_t column) {
  return bias == nullptr ? Pack<T, W>{} : load<W>(static_cast<const T*>(bias) + column);
}

template <int W>
__device__ __forceinline__ void store_part(float* parts, std::int64_t columns, std::int64_t column,
                                           const float (&sums)[W]) {
  for (int i = 0; i < W; ++i) parts[blockIdx.y * columns + column + i] = sums[i];
}

template <class T, int W>
__global__ void activation_kernel(w2s_cuda_activation_call call) {
  const std::int64_t columns = call.shape.columns;
  const std::int64_t column = own_column<W>();
  if (column >= columns) return;
  const Pack<T, W> bias = load_bias<T, W>(call.bias, column);
  for (std::int64_t row = blockIdx.y; row < call.shape.rows; row += gridDim.y) {
    const std::int64_t at = row * columns + column;
    Pack<T, W> pack = load<W>(static_cast<const T*>(call.x) + at);
    for (int i = 0; i < W; ++i)
      pack.values[i] = narrow<T>(activate(call.activation, widen(pack.values[i]) + widen(bias.values[i])));
    store(static_cast<T*>(call.y) + at, pack);
  }
}

template <class T, int W>
__global__ void activation_backward_kernel(w2s_cuda_activation_call call) {
  const std::int64_t columns = call.shape.columns;
  const std::int64_t column = own_column<W>();
  if (column >= columns) return;
  const Pack<T, W> bias = load_bias<T, W>(call.bias, column);
  float sums[W] = {};
  for (std::int64_t row = blockIdx.y; row < call.shape.rows; row += gridDim.y) {
    const std::int64_t at = row * columns + column;
    const Pack<T, W> x = load<W>(static_cast<const T*>(call.x) + at);
    Pack<T, W> d = load<W>(static_cast<const T*>(call.y) + at);
    for (int i = 0; i < W; ++i) {
      const float d_x = widen(d.values[i]) *
                        activation_derivative(call.activation, widen(x.values[i]) + widen(bias.values[i]));
      sums[i] += d_x;
      d.values[i] = narrow<T>(d_x);
    }
    store(static_cast<T*>(call.y) + at, d);
  }
  if (call.d_bias != nullptr) store_part(call.shape.workspace, columns, column, sums);
}

template <class T, int W>
__global__ void column_sums_kernel(w2s_cuda_column_sums_call call) {
  const std::int64_t column = own_column<W>();
  if (column >= call.shape.columns) return;
  float sums[W] = {};
  for (std::int64_t row = blockIdx.y; row < call.shape.rows; row += gridDim.y) {
    const Pack<T, W> x = load<W>(static_cast<const T*>(call.x) + row * call.row_stride + column);
    for (int i = 0; i < W; ++i) sums[i] += widen(x.values[i]);
  }
  store_part(call.shape.workspace, call.shape.columns, column, sums);
}

// A block of 32 columns by 8 threads: each sums every eighth slice, the first of the eight their sums.
constexpr int kSumDepth = 8;

__global__ void sum_of_slices_kernel(const float* parts, std::int64_t slices, std::int64_t columns,
                                     float* sums) {
  __shared__ float found[kSumDepth][kWarp];
  const std::int64_t column = static_cast<std::int64_t>(blockIdx.x) * kWarp + threadIdx.x;
  float sum = 0.0f;
  if (column < columns) {
    for (std::int64_t slice = threadIdx.y; slice < slices; slice += kSumDepth)
      sum += parts[slice * columns + column];
  }
  found[threadIdx.y][threadIdx.x] = sum;
  __syncthreads();
  if (threadIdx.y != 0 || column >= columns) return;
  for (int depth = 1; depth < kSumDepth; ++depth) sum += found[depth][threadIdx.x];
  sums[column] += sum;
}

template <class T, int W>
__global__ void gated_kernel(w2s_cuda_gated_call call) {
  const std::int64_t columns = call.shape.columns;
  const std::int64_t column = own_column<W>();
  if (column >= columns) return;
  for (std::int64_t row = blockIdx.y; row < call.shape.rows; row += gridDim.y) {
    const T* gate_row = static_cast<const T*>(call.gate_up) + row * 2 * columns;
    Pack<T, W> pack = load<W>(gate_row + column);
    const Pack<T, W> up = load<W>(gate_row + columns + column);
    for (int i = 0; i < W; ++i)
      pack.values[i] = narrow<T>(activate(call.activation, widen(pack.values[i])) * widen(up.values[i]));
    store(static_cast<T*>(call.y) + row * columns + column, pack);
  }
}

template <class T, int W>
__global__ void gated_backward_kernel(w2s_cuda_gated_call call) {
  const std::int64_t columns = call.shape.columns;
  const std::int64_t column = own_column<W>();
  if (column >= columns) return;
  for (std::int64_t row = blockIdx.y; row < call.shape.rows; row += gridDim.y) {
    T* gate_row = static_cast<T*>(call.gate_up) + row * 2 * columns;
    const Pack<T, W> d_y = load<W>(static_cast<const T*>(call.y) + row * columns + column);
    Pack<T, W> gate = load<W>(gate_row + column);
    Pack<T, W> up = load<W>(gate_row + columns + column);
    for (int i = 0; i < W; ++i) {
      const float d = widen(d_y.values[i]), g = widen(gate.values[i]), u = widen(up.values[i]);
      gate.values[i] = narrow<T>(d * u * activation_derivative(call.activation, g));
      up.values[i] = narrow<T>(d * activate(call.activation, g));
    }
    store(gate_row + column, gate);
    store(gate_row + columns + column, up);
  }
}

}  // namespace

cudaError_t launch_sum_of_slices(const float* parts, std::int64_t slices, std::int64_t columns, float* sums,
                                 cudaStream_t stream) {
  const dim3 grid(static_cast<unsigned>((columns + kWarp - 1) / kWarp));
  return launch(sum_of_slices_kernel, grid, dim3(kWarp, kSumDepth), stream, parts, slices, columns, sums);
}

cudaError_t launch_activation(const w2s_cuda_activation_call& call, cudaStream_t stream) {
  return by_dtype(call.shape.dtype, [&](auto zero) {
    using T = decltype(zero);
    return by_width<T>({call.shape.columns}, {call.x, call.bias, call.y}, [&](auto width) {
      constexpr int W = decltype(width)::value;
      const dim3 grid = column_grid(call.shape.columns, W, call.shape.rows);
      return launch(activation_kernel<T, W>, grid, dim3(kColumnThreads), stream, call);
    });
  });
}

cudaError_t launch_activation_backward(const w2s_cuda_activation_call& call, cudaStream_t stream) {
  const std::int64_t slices = call.d_bias == nullptr ? call.shape.rows : call.shape.slices;
  const cudaError_t status = by_dtype(call.shape.dtype, [&](auto zero) {
    using T = decltype(zero);
    return by_width<T>({call.shape.columns}, {call.x, call.bias, call.y}, [&](auto width) {
      constexpr int W = decltype(width)::value;
      const dim3 grid = column_grid(call.shape.columns, W, slices);
      return launch(activation_backward_kernel<T, W>, grid, dim3(kColumnThreads), stream, call);
    });
  });
  if (status != cudaSuccess || call.d_bias == nullptr) return status;
  return launch_sum_of_slices(call.shape.workspace, slices, call.shape.columns, call.d_bias, stream);
}

cudaError_t launch_add_column_sums(const w2s_cuda_column_sums_call& call, cudaStream_t stream) {
  const cudaError_t status = by_dtype(call.shape.dtype, [&](auto zero) {
    using T = decltype(zero);
    return by_width<T>({call.shape.columns, call.row_stride}, {call.x}, [&](auto width) {
      constexpr int W = decltype(width)::value;
      const dim3 grid = column_grid(call.shape.columns, W, call.shape.slices);
      return launch(column_sums_kernel<T, W>, grid, dim3(kColumnThreads), stream, call);
    });
  });
  if (status != cudaSuccess) return status;
  return launch_sum_of_slices(call.shape.workspace, call.shape.slices, call.shape.columns, call.sums, stream);
}

cudaError_t launch_gated(const w2s_cuda_gated_call& call, cudaStream_t stream) {
  return by_dtype(call.shape.dtype, [&](auto zero) {
    using T = decltype(zero);
    return by_width<T>({call.shape.columns}, {call.gate_up, call.y}, [&](auto width) {
      constexpr int W = decltype(width)::value;
      const dim3 grid = column_grid(call.shape.columns, W, call.shape.rows);
      return launch(gated_kernel<T, W>, grid, dim3(kColumnThreads), stream, call);
    });
  });
}

cudaError_t launch_gated_backward(const w2s_cuda_gated_call& call, cudaStream_t stream) {
  return by_dtype(call.shape.dtype, [&](auto zero) {
    using T = decltype(zero);
    return by_width<T>({call.shape.columns}, {call.gate_up, call.y}, [&](auto width) {
      constexpr int W = decltype(width)::value;
      const dim3 grid = column_grid(call.shape.columns, W, call.shape.rows);
      return launch(gated_backward_kernel<T, W>, grid, dim3(kColumnThreads), stream, call);
    });
  });
}

}  // namespace w2s
