// The confidence loss of one optimizer batch in one launch of one block: keys in shared memory, the threshold by
// counting how many come before each, then loss and gradient; all in double. loss/confidence.cpp says the same in ATen.
#include "kernels.h"
#include "rows.cuh"

namespace w2s {
namespace {

constexpr int kMostThreads = 1024;
constexpr int kMostRows = W2S_CUDA_CONFIDENCE_ROWS;

// One example. `zero` and `one`: log f.
struct Example {
  double logit_zero, logit_one;
  double zero, one;
};

__device__ __forceinline__ Example read_example(const w2s_cuda_confidence_call& call, int row) {
  Example example;
  if (call.shape.dtype == W2S_CUDA_F64) {
    example.logit_zero = static_cast<const double*>(call.logits)[2 * row];
    example.logit_one = static_cast<const double*>(call.logits)[2 * row + 1];
  } else {
    example.logit_zero = static_cast<const float*>(call.logits)[2 * row];
    example.logit_one = static_cast<const float*>(call.logits)[2 * row + 1];
  }
  const double a = example.logit_zero, b = example.logit_one;
  const double most = a < b ? b : a;
  const double log_sum = log(exp(a - most) + exp(b - most));
  example.zero = a - most - log_sum;
  example.one = b - most - log_sum;
  return example;
}

// The sum over the block, in every thread; in an order that depends on the number of threads alone.
__device__ __forceinline__ double block_sum(double value) {
  __shared__ double parts[kMostThreads / kWarp];
  for (int offset = kWarp / 2; offset > 0; offset /= 2) value += __shfl_xor_sync(0xffffffffu, value, offset);
  __syncthreads();  // whoever still reads an earlier sum
  if (threadIdx.x % kWarp == 0) parts[threadIdx.x / kWarp] = value;
  __syncthreads();
  value = 0.0;
  for (unsigned warp = 0; warp < blockDim.x / kWarp; ++warp) value += parts[warp];
  return value;
}

__device__ __forceinline__ bool not_a_number(double x) { return x != x; }

// Ascending, what is not a number last, as ATen sorts.
__device__ __forceinline__ bool less(double a, double b) {
  return a < b || (not_a_number(b) && !not_a_number(a));
}

// The place of key i in ascending or descending order; ties: the lower index first.
__device__ __forceinline__ int place_of(const double* keys, int rows, int i, bool descending) {
  const double own = keys[i];
  int before = 0;
  for (int j = 0; j < rows; ++j) {
    const bool first = descending ? less(own, keys[j]) : less(keys[j], own);
    const bool second = descending ? less(keys[j], own) : less(own, keys[j]);
    before += first || (!second && j < i) ? 1 : 0;
  }
  return before;
}

// The linear-interpolation quantile of the keys at the mean weak label.
__device__ __forceinline__ double quantile(const w2s_cuda_confidence_call& call, const double* keys,
                                           int rows) {
  __shared__ double neighbours[2];
  double weight = 0.0, weight_of_one = 0.0;
  for (int row = threadIdx.x; row < rows; row += blockDim.x) {
    const double zero = call.targets[2 * row], one = call.targets[2 * row + 1];
    weight += zero + one;
    weight_of_one += one;
  }
  weight = block_sum(weight);  // its barriers also end the writing of keys
  weight_of_one = block_sum(weight_of_one);
  const double share = weight == 0.0 ? 0.5 : weight_of_one / weight;
  const double rank = (share < 0.0 ? 0.0 : share > 1.0 ? 1.0 : share) * static_cast<double>(rows - 1);
  const double below = floor(rank), above = ceil(rank);
  for (int row = threadIdx.x; row < rows; row += blockDim.x) {
    const double place = place_of(keys, rows, row, /*descending=*/false);
    if (place == below) neighbours[0] = keys[row];
    if (place == above) neighbours[1] = keys[row];
  }
  __syncthreads();
  return neighbours[0] + (neighbours[1] - neighbours[0]) * (rank - below);
}

__global__ void __launch_bounds__(kMostThreads) confidence_kernel(w2s_cuda_confidence_call call) {
  __shared__ double keys[kMostRows];
  const int rows = static_cast<int>(call.shape.rows);
  // By the logit difference for a half, which keeps order where saturated probabilities would tie.
  for (int row = threadIdx.x; row < rows; row += blockDim.x) {
    const Example example = read_example(call, row);
    keys[row] = call.rule == W2S_CUDA_HALF ? example.logit_one - example.logit_zero : exp(example.zero);
  }
  __syncthreads();
  const double threshold = call.rule == W2S_CUDA_WEAK_MEAN ? quantile(call, keys, rows) : call.value;
  double loss = 0.0;
  for (int row = threadIdx.x; row < rows; row += blockDim.x) {
    const Example example = read_example(call, row);
    bool positive = false;
    if (call.rule == W2S_CUDA_HALF) positive = place_of(keys, rows, row, /*descending=*/true) < rows / 2;
    if (call.rule == W2S_CUDA_WEAK_MEAN) positive = keys[row] < threshold;
    if (call.rule == W2S_CUDA_VALUE) positive = exp(example.one) >= threshold;
    const double weak_zero = call.targets[2 * row], weak_one = call.targets[2 * row + 1];
    const double hard = call.alpha * (weak_zero + weak_one);
    const double zero = (1.0 - call.alpha) * weak_zero + (positive ? 0.0 : hard);
    const double one = (1.0 - call.alpha) * weak_one + (positive ? hard : 0.0);
    const bool as_they_are = call.log_probabilities != 0;
    loss -= zero * (as_they_are ? example.logit_zero : example.zero) +
            one * (as_they_are ? example.logit_one : example.one);
    const double spread = as_they_are ? 0.0 : zero + one;
    call.d_logits[2 * row] = (exp(example.zero) * spread - zero) / call.batch_size;
    call.d_logits[2 * row + 1] = (exp(example.one) * spread - one) / call.batch_size;
  }
  loss = block_sum(loss);
  if (threadIdx.x == 0) *call.loss = loss / call.batch_size;
}

}  // namespace

cudaError_t launch_confidence(const w2s_cuda_confidence_call& call, cudaStream_t stream) {
  const std::int64_t rows = call.shape.rows;
  if (rows > kMostRows || call.shape.columns != 2) return cudaErrorInvalidValue;
  const std::int64_t threads = rows < kMostThreads ? (rows + kWarp - 1) / kWarp * kWarp : kMostThreads;
  return launch(confidence_kernel, dim3(1), dim3(static_cast<unsigned>(threads)), stream, call);
}

}  // namespace w2s
