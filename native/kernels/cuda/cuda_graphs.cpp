#include "cuda_graphs.h"

#include <c10/core/StreamGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <array>
#include <string>
#include <utility>

#include "../../error.h"

namespace w2s {
namespace {

template <class Call>
void run(const char* doing, const Call& call) {
  char reason[2048] = "no reason";
  if (call(reason, sizeof reason) == 0) return;
  const std::string text = reason;
  fail("ERR_DEVICE",
       std::string("Expected to ") + doing + " but received: " + text.substr(0, text.find('\n')) + ".",
       "Launch kernels one by one: --no-cuda-graphs");
}

using Pool = std::array<uint64_t, 2>;

// From its making on, the thread's current stream is captured; whoever does not `finish` it abandons it.
class Graph final : public RecordedWork {
 public:
  Graph(std::shared_ptr<const CudaEntryPoints> entry, const c10::Device& device, const Pool& pool)
      : entry_(std::move(entry)) {
    run("begin a CUDA graph", [&](char* error, size_t size) {
      return entry_->graph_begin(device.index(), pool.data(), &graph_, error, size);
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
  std::shared_ptr<const CudaEntryPoints> entry_;
  w2s_cuda_graph* graph_ = nullptr;
};

class CudaRecorder final : public WorkRecorder {
 public:
  CudaRecorder(std::shared_ptr<const CudaEntryPoints> entry, const c10::Device& device)
      : entry_(std::move(entry)),
        device_(device),
        // The default stream cannot be captured.
        stream_(c10::impl::VirtualGuardImpl(device.type())
                    .getStreamFromGlobalPool(device, /*isHighPriority=*/false)) {
    run("make memory for CUDA graphs",
        [&](char* error, size_t size) { return entry_->graph_pool(pool_.data(), error, size); });
  }

  std::unique_ptr<RecordedWork> record(std::function<void()> work) const override {
    const c10::StreamGuard on_stream(stream_);
    auto graph = std::make_unique<Graph>(entry_, device_, pool_);
    work();
    graph->finish();
    return graph;
  }

 private:
  std::shared_ptr<const CudaEntryPoints> entry_;
  c10::Device device_;
  c10::Stream stream_;
  Pool pool_{};
};

}  // namespace

std::shared_ptr<const WorkRecorder> cuda_recorder(std::shared_ptr<const CudaEntryPoints> entry_points,
                                                  const c10::Device& device) {
  return std::make_shared<CudaRecorder>(std::move(entry_points), device);
}

}  // namespace w2s
