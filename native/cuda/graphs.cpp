// Graphs of the C door: what ATen puts into a stream is captured instead of done, and launched as a whole later.
#include <ATen/core/CachingHostAllocator.h>
#include <ATen/cuda/CUDAGraph.h>
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAFunctions.h>
#include <c10/cuda/CUDAGuard.h>

#include <memory>

#include "door.h"
#include "w2s_cuda.h"

struct w2s_cuda_graph {
  c10::DeviceIndex device = 0;
  c10::MempoolId_t pool;
  at::cuda::CUDAGraph graph;
  bool capturing = false;
};

namespace {

c10::MempoolId_t pool_of(const uint64_t* pool) { return {pool[0], pool[1]}; }

template <class Call>
void regardless(const Call& call) noexcept {
  try {
    call();
  } catch (...) {
    // Of a capture that has failed: what it had not begun cannot be ended.
  }
}

// Ends a capture that failed before or while it ended. Until both allocators are told, they ask the graph of every
// block whether it is the capture's, also once there is no graph. Whether CUDAGraph tells them depends on its version
// and on how far it came, and telling them twice does no harm.
void give_up(w2s_cuda_graph& own) noexcept {
  regardless([&] { own.graph.reset(); });
  regardless([&] { c10::cuda::CUDACachingAllocator::endAllocateToPool(own.device, own.pool); });
  regardless([&] { at::getHostAllocator(at::kCUDA)->end_allocate_to_pool(own.pool); });
  (void)cudaGetLastError();  // is not that of the next call
  own.capturing = false;
}

// Ends a capture that nobody wants any more. Unless CUDA has refused something, it ends like any other.
void abandon(w2s_cuda_graph& own) noexcept {
  try {
    const c10::cuda::CUDAGuard guard(own.device);
    own.graph.capture_end();
    own.capturing = false;
  } catch (...) {
    give_up(own);
  }
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
    try {
      // Of this thread alone: other threads of the process may be using the GPU.
      own->graph.capture_begin(own->pool, cudaStreamCaptureModeThreadLocal);
    } catch (...) {
      give_up(*own);
      throw;
    }
    own->capturing = true;
    *graph = own.release();
  });
}

int32_t w2s_cuda_graph_end(w2s_cuda_graph* graph, char* error, size_t size) {
  return w2s::guarded(error, size, [&] {
    const c10::cuda::CUDAGuard guard(graph->device);
    graph->graph.capture_end();
    graph->capturing = false;
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
  // Memory of what still runs must not go back to the system.
  regardless([&] {
    const c10::cuda::CUDAGuard guard(graph->device);
    c10::cuda::device_synchronize();
  });
  delete graph;
}
