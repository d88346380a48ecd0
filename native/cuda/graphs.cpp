// Graphs of the C door: what ATen puts into a stream is captured instead of done, and launched as a whole later.
#include <ATen/cuda/CUDAGraph.h>
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAException.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>

#include "door.h"
#include "w2s_cuda.h"

struct w2s_cuda_graph {
  c10::DeviceIndex device = 0;
  c10::MempoolId_t pool;
  at::cuda::CUDAGraph graph;
  cudaStream_t capturing = nullptr;  // null: the capture has ended
};

namespace {

c10::MempoolId_t pool_of(const uint64_t* pool) { return {pool[0], pool[1]}; }

// A capture that nobody wants any more. What CUDAGraph::capture_end would throw before it took the allocator off the
// graph's pool does not matter here.
void abandon(w2s_cuda_graph& own) noexcept {
  cudaGraph_t unwanted = nullptr;
  if (cudaStreamEndCapture(own.capturing, &unwanted) == cudaSuccess && unwanted) cudaGraphDestroy(unwanted);
  (void)cudaGetLastError();  // the capture's failure is not that of the next call
  try {
    c10::cuda::CUDACachingAllocator::endAllocateToPool(own.device, own.pool);
    c10::cuda::CUDACachingAllocator::releasePool(own.device, own.pool);
  } catch (...) {
    // The allocator had been told already.
  }
  own.capturing = nullptr;
}

}  // namespace

int32_t w2s_cuda_graph_pool(uint64_t* pool, char* error, size_t size) {
  return w2s::guarded(error, size, [&] {
    const c10::MempoolId_t made = at::cuda::graph_pool_handle();
    pool[0] = made.first;
    pool[1] = made.second;
  });
}

int32_t w2s_cuda_graph_begin(int32_t device, const uint64_t* pool, w2s_cuda_graph** graph, char* error,
                             size_t size) {
  return w2s::guarded(error, size, [&] {
    const c10::cuda::CUDAGuard guard(static_cast<c10::DeviceIndex>(device));
    auto own = std::make_unique<w2s_cuda_graph>();
    own->device = static_cast<c10::DeviceIndex>(device);
    own->pool = pool_of(pool);
    // Of this thread alone: other threads of the process may be using the GPU.
    own->graph.capture_begin(own->pool, cudaStreamCaptureModeThreadLocal);
    own->capturing = c10::cuda::getCurrentCUDAStream(own->device).stream();
    *graph = own.release();
  });
}

int32_t w2s_cuda_graph_end(w2s_cuda_graph* graph, char* error, size_t size) {
  return w2s::guarded(error, size, [&] {
    const c10::cuda::CUDAGuard guard(graph->device);
    graph->graph.capture_end();
    graph->capturing = nullptr;
  });
}

int32_t w2s_cuda_graph_launch(w2s_cuda_graph* graph, char* error, size_t size) {
  return w2s::guarded(error, size, [&] {
    const c10::cuda::CUDAGuard guard(graph->device);
    graph->graph.replay();
  });
}

void w2s_cuda_graph_free(w2s_cuda_graph* graph) {
  if (graph->capturing) abandon(*graph);
  delete graph;
}
