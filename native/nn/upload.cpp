#include "upload.h"

#include <ATen/ops/empty.h>
#include <c10/core/Event.h>
#include <c10/core/StreamGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <cstddef>
#include <cstring>
#include <utility>

#include "../round_up.h"

namespace w2s {
namespace {

// Every array begins at a multiple of this, as the device's allocator would have it.
constexpr int64_t kAlignment = 256;

int64_t aligned(int64_t bytes) { return round_up(bytes, kAlignment); }

struct Bytes {
  const void* data = nullptr;
  int64_t size = 0;
};

template <class Values>
Bytes bytes_of(const Values& values) {
  return std::visit(
      [](const auto& list) -> Bytes {
        return {list.data(), static_cast<int64_t>(list.size() * sizeof(list.front()))};
      },
      values);
}

at::Tensor copy_of(const at::Tensor& pinned, const at::Device& device) {
  at::Tensor copy = at::empty(pinned.sizes(), pinned.options().device(device).pinned_memory(false));
  return copy.copy_(pinned, /*non_blocking=*/true);
}

// The copy's memory belongs to the stream of copies. The current stream is written down as its user: otherwise the
// next copy might be given the same memory while this one is still read.
at::Tensor copy_beside(const at::Tensor& pinned, const at::Device& device, const c10::Stream& copies) {
  const c10::impl::VirtualGuardImpl implementation(device.type());
  const c10::Stream compute = implementation.getStream(device);
  c10::Event copied(device.type());
  at::Tensor copy;
  {
    const c10::StreamGuard on_copies(copies);
    copy = copy_of(pinned, device);
    copied.record(copies);
  }
  compute.wait(copied);
  copy.record_stream(compute);
  return copy;
}

}  // namespace

UploadTarget UploadTarget::with_stream(const at::Device& to) {
  UploadTarget target(to);
  if (to.is_cuda())
    target.copies =
        c10::impl::VirtualGuardImpl(to.type()).getStreamFromGlobalPool(to, /*isHighPriority=*/true);
  return target;
}

at::Tensor BatchUpload::send() {
  int64_t all = 0;
  for (const Item& item : items_) all += aligned(bytes_of(item.values).size);
  at::Tensor buffer =
      at::empty({all}, at::TensorOptions().dtype(at::kByte).pinned_memory(target_.device.is_cuda()));
  auto* into = static_cast<std::byte*>(buffer.data_ptr());
  for (const Item& item : items_) {
    const Bytes bytes = bytes_of(item.values);
    if (bytes.size > 0) std::memcpy(into, bytes.data, static_cast<std::size_t>(bytes.size));
    into += aligned(bytes.size);
  }
  if (!target_.device.is_cpu())
    buffer = target_.copies ? copy_beside(buffer, target_.device, *target_.copies)
                            : copy_of(buffer, target_.device);
  int64_t first = 0;
  for (const Item& item : items_) {
    const int64_t size = bytes_of(item.values).size;
    *item.into = buffer.narrow(0, first, size).view(item.type);
    first += aligned(size);
  }
  return buffer;
}

}  // namespace w2s
