#include "late_result.h"

#include <ATen/ops/empty.h>
#include <c10/core/impl/VirtualGuardImpl.h>

namespace w2s {

HostCopy::HostCopy(const std::vector<at::Tensor>& tensors) {
  std::optional<at::Device> device;
  for (const at::Tensor& tensor : tensors) {
    if (!tensor.defined() || tensor.is_cpu()) {
      host_.push_back(tensor);
      continue;
    }
    device = tensor.device();
    // From pinned memory's pool, which keeps a block until the copies into it are done.
    host_.push_back(at::empty(tensor.sizes(), tensor.options().device(at::kCPU).pinned_memory(true)));
    host_.back().copy_(tensor, /*non_blocking=*/true);
  }
  if (!device) return;
  copied_.emplace(device->type());
  copied_->record(c10::impl::VirtualGuardImpl(device->type()).getStream(*device));
}

const std::vector<at::Tensor>& HostCopy::wait() {
  if (copied_) copied_->synchronize();
  return host_;
}

}  // namespace w2s
