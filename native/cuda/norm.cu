// Layer norm and RMSNorm over a residual stream. A warp takes a short row (one head of a query), a block a long one.
#include "kernels.h"
#include "rows.cuh"

namespace w2s {
namespace {

constexpr int kLongRow = 128;         // threads of a long row
constexpr int kRowsOfWarps = 4;       // short rows of one block
constexpr std::int64_t kShort = 512;  // columns that a warp takes

// x, to which delta and its bias are added first, as it is stored: rounded to T.
template <class T, int W>
__device__ __forceinline__ Pack<T, W> add_delta(const w2s_cuda_norm_call& call, std::int64_t start,
                                                std::int64_t column) {
  T* x = static_cast<T*>(call.x) + start + column;
  Pack<T, W> pack = load<W>(static_cast<const T*>(x));
  if (call.delta == nullptr && call.delta_bias == nullptr) return pack;
  Pack<T, W> delta{}, bias{};  // zeros
  if (call.delta != nullptr) delta = load<W>(static_cast<const T*>(call.delta) + start + column);
  if (call.delta_bias != nullptr) bias = load<W>(static_cast<const T*>(call.delta_bias) + column);
  for (int i = 0; i < W; ++i) {
    pack.values[i] = narrow<T>(widen(pack.values[i]) + widen(delta.values[i]) + widen(bias.values[i]));
  }
  store(x, pack);
  return pack;
}

// The output's W values, over those of x.
template <class T, int W>
__device__ __forceinline__ void norm_pack(const w2s_cuda_norm_call& call, std::int64_t column, float mean,
                                          float scale, Pack<T, W>& x) {
  const Pack<T, W> weight = load<W>(static_cast<const T*>(call.weight) + column);
  Pack<T, W> bias{};
  if (call.layer_norm != 0) bias = load<W>(static_cast<const T*>(call.bias) + column);
  for (int i = 0; i < W; ++i) {
    float hat = (widen(x.values[i]) - mean) * scale;
    if (call.layer_norm == 0) hat = widen(narrow<T>(hat));
    x.values[i] = narrow<T>(hat * widen(weight.values[i]) + widen(bias.values[i]));
  }
}

// Goes over the row three times (twice for RMSNorm): the sum as it is stored, the variance about the mean, the output.
// Each thread reads again what it wrote itself.
template <class T, int W, int kThreads>
__global__ void norm_kernel(w2s_cuda_norm_call call) {
  const std::int64_t row = static_cast<std::int64_t>(blockIdx.x) * blockDim.y + threadIdx.y;
  if (row >= call.shape.rows) return;  // whole warps or blocks
  const std::int64_t columns = call.shape.columns, start = row * columns, first = threadIdx.x * W;
  const bool layer_norm = call.layer_norm != 0;
  float sum = 0.0f;
  for (std::int64_t column = first; column < columns; column += kThreads * W) {
    const Pack<T, W> x = add_delta<T, W>(call, start, column);
    for (int i = 0; i < W; ++i) {
      const float value = widen(x.values[i]);
      sum += layer_norm ? value : value * value;
    }
  }
  const T* x_row = static_cast<const T*>(call.x) + start;
  sum = row_sum<kThreads>(sum);
  float mean = 0.0f;
  if (layer_norm) {
    mean = sum / static_cast<float>(columns);
    sum = 0.0f;
    for (std::int64_t column = first; column < columns; column += kThreads * W) {
      const Pack<T, W> x = load<W>(x_row + column);
      for (int i = 0; i < W; ++i) sum += (widen(x.values[i]) - mean) * (widen(x.values[i]) - mean);
    }
    sum = row_sum<kThreads>(sum);
  }
  const float scale = 1.0f / sqrtf(sum / static_cast<float>(columns) + call.epsilon);
  for (std::int64_t column = first; column < columns; column += kThreads * W) {
    Pack<T, W> x = load<W>(x_row + column);
    norm_pack(call, column, mean, scale, x);
    store(static_cast<T*>(call.out) + start + column, x);
  }
  if (threadIdx.x != 0) return;
  call.scale[row] = scale;
  if (layer_norm) call.mean[row] = mean;
}

// With x̂ = (x − mean) · scale and g = w ∘ dy: dx = scale · (g − mean(g) − x̂ · mean(g ∘ x̂)), for RMSNorm without
// mean(g); plus what came by the residual stream.
template <class T, int W, int kThreads>
__global__ void norm_backward_kernel(w2s_cuda_norm_backward_call call) {
  const std::int64_t row = static_cast<std::int64_t>(blockIdx.x) * blockDim.y + threadIdx.y;
  if (row >= call.shape.rows) return;  // whole warps or blocks
  const std::int64_t columns = call.shape.columns, start = row * columns, first = threadIdx.x * W;
  const bool layer_norm = call.layer_norm != 0;
  const T* x_row = static_cast<const T*>(call.x) + start;
  const T* d_y_row = static_cast<const T*>(call.d_y) + start;
  const T* weight = static_cast<const T*>(call.weight);
  const float mean = layer_norm ? call.mean[row] : 0.0f;
  const float scale = call.scale[row];
  float sum_g = 0.0f, sum_g_hat = 0.0f;
  for (std::int64_t column = first; column < columns; column += kThreads * W) {
    const Pack<T, W> x = load<W>(x_row + column), d_y = load<W>(d_y_row + column);
    const Pack<T, W> w = load<W>(weight + column);
    for (int i = 0; i < W; ++i) {
      const float g = widen(d_y.values[i]) * widen(w.values[i]);
      sum_g += g;
      sum_g_hat += g * (widen(x.values[i]) - mean) * scale;
    }
  }
  const float mean_g = layer_norm ? row_sum<kThreads>(sum_g) / static_cast<float>(columns) : 0.0f;
  const float mean_g_hat = row_sum<kThreads>(sum_g_hat) / static_cast<float>(columns);
  for (std::int64_t column = first; column < columns; column += kThreads * W) {
    const Pack<T, W> x = load<W>(x_row + column), d_y = load<W>(d_y_row + column);
    const Pack<T, W> w = load<W>(weight + column);
    Pack<T, W> d_x{};  // zeros
    if (call.d_stream != nullptr) d_x = load<W>(static_cast<const T*>(call.d_stream) + start + column);
    for (int i = 0; i < W; ++i) {
      const float g = widen(d_y.values[i]) * widen(w.values[i]);
      const float hat = (widen(x.values[i]) - mean) * scale;
      d_x.values[i] = narrow<T>(scale * (g - mean_g - hat * mean_g_hat) + widen(d_x.values[i]));
    }
    store(static_cast<T*>(call.d_x) + start + column, d_x);
  }
}

// Parts of dw = Σ dy ∘ x̂ and, behind them in the workspace, of db = Σ dy.
template <class T, int W>
__global__ void norm_parameters_kernel(w2s_cuda_norm_backward_call call) {
  const std::int64_t columns = call.shape.columns;
  const std::int64_t column = own_column<W>();
  if (column >= columns) return;
  float d_weight[W] = {}, d_bias[W] = {};
  for (std::int64_t row = blockIdx.y; row < call.shape.rows; row += gridDim.y) {
    const std::int64_t at = row * columns + column;
    const Pack<T, W> x = load<W>(static_cast<const T*>(call.x) + at);
    const Pack<T, W> d_y = load<W>(static_cast<const T*>(call.d_y) + at);
    const float mean = call.layer_norm != 0 ? call.mean[row] : 0.0f;
    const float scale = call.scale[row];
    for (int i = 0; i < W; ++i) {
      d_weight[i] += widen(d_y.values[i]) * (widen(x.values[i]) - mean) * scale;
      d_bias[i] += widen(d_y.values[i]);
    }
  }
  float* weight_part = call.shape.workspace + blockIdx.y * columns + column;
  float* bias_part = weight_part + gridDim.y * columns;
  for (int i = 0; i < W; ++i) {
    weight_part[i] = d_weight[i];
    if (call.layer_norm != 0) bias_part[i] = d_bias[i];
  }
}

// Calls `body` with the threads of a row, as a constant, the grid and the block.
template <class Body>
cudaError_t by_length(const w2s_cuda_shape& shape, Body body) {
  if (shape.columns > kShort)
    return body(std::integral_constant<int, kLongRow>{}, dim3(static_cast<unsigned>(shape.rows)),
                dim3(kLongRow));
  const std::int64_t blocks = (shape.rows + kRowsOfWarps - 1) / kRowsOfWarps;
  return body(std::integral_constant<int, kWarp>{}, dim3(static_cast<unsigned>(blocks)),
              dim3(kWarp, kRowsOfWarps));
}

cudaError_t launch_norm_parameters(const w2s_cuda_norm_backward_call& call, cudaStream_t stream) {
  const w2s_cuda_shape& shape = call.shape;
  cudaError_t status = by_dtype(shape.dtype, [&](auto zero) {
    using T = decltype(zero);
    return by_width<T>({shape.columns}, {call.x, call.d_y}, [&](auto width) {
      constexpr int W = decltype(width)::value;
      const dim3 grid = column_grid(shape.columns, W, shape.slices);
      return launch(norm_parameters_kernel<T, W>, grid, dim3(kColumnThreads), stream, call);
    });
  });
  if (status != cudaSuccess) return status;
  status = launch_sum_of_slices(shape.workspace, shape.slices, shape.columns, call.d_weight, stream);
  if (status != cudaSuccess || call.layer_norm == 0 || call.d_bias == nullptr) return status;
  const float* bias_parts = shape.workspace + shape.slices * shape.columns;
  return launch_sum_of_slices(bias_parts, shape.slices, shape.columns, call.d_bias, stream);
}

}  // namespace

cudaError_t launch_residual_norm(const w2s_cuda_norm_call& call, cudaStream_t stream) {
  return by_dtype(call.shape.dtype, [&](auto zero) {
    using T = decltype(zero);
    return by_width<T>(
        {call.shape.columns}, {call.x, call.delta, call.delta_bias, call.weight, call.bias, call.out},
        [&](auto width) {
          constexpr int W = decltype(width)::value;
          return by_length(call.shape, [&](auto threads, dim3 grid, dim3 block) {
            return launch(norm_kernel<T, W, decltype(threads)::value>, grid, block, stream, call);
          });
        });
  });
}

cudaError_t launch_norm_backward(const w2s_cuda_norm_backward_call& call, cudaStream_t stream) {
  // First, as the gradient of x may be written over what came by the stream but never over dy or x.
  if (call.d_weight != nullptr) {
    const cudaError_t status = launch_norm_parameters(call, stream);
    if (status != cudaSuccess) return status;
  }
  return by_dtype(call.shape.dtype, [&](auto zero) {
    using T = decltype(zero);
    return by_width<T>(
        {call.shape.columns}, {call.x, call.d_y, call.weight, call.d_stream, call.d_x}, [&](auto width) {
          constexpr int W = decltype(width)::value;
          return by_length(call.shape, [&](auto threads, dim3 grid, dim3 block) {
            return launch(norm_backward_kernel<T, W, decltype(threads)::value>, grid, block, stream, call);
          });
        });
  });
}

}  // namespace w2s
