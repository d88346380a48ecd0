// Log-probabilities at targets, argmax and the gradient of one chunk of logits: one block for each row.
#include "kernels.h"
#include "rows.cuh"

namespace w2s {
namespace {

constexpr int kScoreThreads = 512;

constexpr int kNowhere = 0x7fffffff;

// Of the values seen so far: the largest, where it first stood, and Σ exp(value − largest).
struct Seen {
  float largest = -INFINITY;
  int first = kNowhere;
  float sum = 0.0f;
};

// exp(a − b), also where both are the same infinity.
__device__ __forceinline__ float ratio(float a, float b) { return a == b ? 1.0f : expf(a - b); }

__device__ __forceinline__ void see(Seen& seen, float value, int place) {
  if (value > seen.largest || seen.first == kNowhere) {
    seen.sum = seen.sum * ratio(seen.largest, value) + 1.0f;
    seen.largest = value;
    seen.first = place;
  } else {
    seen.sum += ratio(value, seen.largest);
  }
}

__device__ __forceinline__ Seen merge(const Seen& a, const Seen& b) {
  if (a.first == kNowhere) return b;
  if (b.first == kNowhere) return a;
  const bool take_b = b.largest > a.largest || (b.largest == a.largest && b.first < a.first);
  const Seen& larger = take_b ? b : a;
  const Seen& smaller = take_b ? a : b;
  return {larger.largest, larger.first, larger.sum + smaller.sum * ratio(smaller.largest, larger.largest)};
}

__device__ __forceinline__ Seen merge_warp(Seen seen) {
  for (int offset = kWarp / 2; offset > 0; offset /= 2) {
    const Seen other{__shfl_xor_sync(0xffffffffu, seen.largest, offset),
                     __shfl_xor_sync(0xffffffffu, seen.first, offset),
                     __shfl_xor_sync(0xffffffffu, seen.sum, offset)};
    seen = merge(seen, other);
  }
  return seen;
}

// What the whole block has seen, in every thread.
__device__ __forceinline__ Seen merge_block(Seen seen) {
  constexpr int kWarps = kScoreThreads / kWarp;
  __shared__ float largest[kWarps], sum[kWarps];
  __shared__ int first[kWarps];
  seen = merge_warp(seen);
  if (threadIdx.x % kWarp == 0) {
    largest[threadIdx.x / kWarp] = seen.largest;
    first[threadIdx.x / kWarp] = seen.first;
    sum[threadIdx.x / kWarp] = seen.sum;
  }
  __syncthreads();
  seen = {largest[0], first[0], sum[0]};
  for (int warp = 1; warp < kWarps; ++warp) seen = merge(seen, Seen{largest[warp], first[warp], sum[warp]});
  return seen;
}

__global__ void score_kernel(w2s_cuda_score_call call) {
  const std::int64_t row = blockIdx.x;
  const int columns = static_cast<int>(call.shape.columns);
  float* logits = call.logits + row * call.shape.columns;
  const int target = static_cast<int>(call.targets[row]);
  const float target_logit = logits[target];  // before any thread overwrites it: merge_block has a barrier
  Seen seen;
#pragma unroll 4
  for (int column = threadIdx.x; column < columns; column += kScoreThreads) see(seen, logits[column], column);
  seen = merge_block(seen);
  const float log_sum = logf(seen.sum);
  if (threadIdx.x == 0) {
    call.log_probs[row] = target_logit - seen.largest - log_sum;
    call.argmax[row] = seen.first;
  }
  if (call.d_log_probs == nullptr) return;
  const float d = call.d_log_probs[row];
  for (int column = threadIdx.x; column < columns; column += kScoreThreads) {
    const float probability = expf(logits[column] - seen.largest - log_sum);
    logits[column] = column == target ? d - d * probability : -d * probability;
  }
}

}  // namespace

cudaError_t launch_score_chunk(const w2s_cuda_score_call& call, cudaStream_t stream) {
  if (call.shape.columns > kNowhere - kScoreThreads) return cudaErrorInvalidValue;
  const dim3 grid(static_cast<unsigned>(call.shape.rows));
  return launch(score_kernel, grid, dim3(kScoreThreads), stream, call);
}

}  // namespace w2s
