#include "cuda_graphs.h"

#include <c10/core/StreamGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <c10/util/Exception.h>

#include <cstdint>
#include <string>
#include <utility>

#include "../../error.h"
#include "../../out_of_memory.h"

namespace w2s {
namespace {

using Entry = std::shared_ptr<const CudaEntryPoints>;

template <class Call>
void run(const char* doing, const Call& call) {
  const auto reason = failure_of(call);
  if (!reason) return;
  TORCH_CHECK_WITH(OutOfMemoryError, reason->find("out of memory") == std::string::npos, *reason);
  fail("ERR_DEVICE", std::string("Expected to ") + doing + " but received: " + *reason + ".",
       "Launch kernels one by one: --no-cuda-graphs");
}

// Memory of graphs. ATen does not take a pool up again whose last graph is gone: graphs hold it, and nobody else.
struct Pool {
  std::uint64_t id[2] = {0, 0};
};

// From its making on, the thread's current stream is captured; whoever does not `finish` it abandons it.
class Graph final : public RecordedWork {
 public:
  Graph(Entry entry, const c10::Device& device, std::shared_ptr<const Pool> pool)
      : entry_(std::move(entry)), pool_(std::move(pool)) {
    run("begin a CUDA graph", [&](char* error, size_t size) {
      return entry_->graph_begin(device.index(), pool_->id, &graph_, error, size);
    });
  }
  ~Graph() override { entry_->graph_free(graph_); }
  Graph(const Graph&) = delete;
  Graph& operator=(const Graph&) = delete;

  void finish() {
    run("end a CUDA graph", [&](char* error, size_t size) { return entry_->graph_end(graph_, error, size); });
  }
  void replay() override {
    run("launch a CUDA graph",
        [&](char* error, size_t size) { return entry_->graph_launch(graph_, error, size); });
  }

 private:
  Entry entry_;
  std::shared_ptr<const Pool> pool_;
  w2s_cuda_graph* graph_ = nullptr;
};

class CudaRecorder final : public WorkRecorder {
 public:
  CudaRecorder(Entry entry, const c10::Device& device)
      : entry_(std::move(entry)),
        device_(device),
        // The default stream cannot be captured.
        stream_(c10::impl::VirtualGuardImpl(device.type())
                    .getStreamFromGlobalPool(device, /*isHighPriority=*/false)) {}

  std::unique_ptr<RecordedWork> record(std::function<void()> work) override {
    // A capture can take no memory that the allocator keeps from what ran before, nor have any of it given back.
    release_cached_memory(device_);
    const c10::StreamGuard on_stream(stream_);
    auto graph = std::make_unique<Graph>(entry_, device_, pool());
    work();
    graph->finish();
    return graph;
  }

 private:
  std::shared_ptr<const Pool> pool() {
    if (auto held = pool_.lock()) return held;
    auto made = std::make_shared<Pool>();
    run("make memory for CUDA graphs",
        [&](char* error, size_t size) { return entry_->graph_pool(made->id, error, size); });
    pool_ = made;
    return made;
  }

  Entry entry_;
  c10::Device device_;
  c10::Stream stream_;
  std::weak_ptr<const Pool> pool_;
};

}  // namespace

std::shared_ptr<WorkRecorder> cuda_recorder(std::shared_ptr<const CudaEntryPoints> entry_points,
                                            const c10::Device& device) {
  return std::make_shared<CudaRecorder>(std::move(entry_points), device);
}

}  // namespace w2s
