#include "tensor_pool.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>

#include <bit>
#include <new>

namespace w2s::cpu {
namespace {

constexpr size_t kLeastBytes = 256 << 10;  // below, the C library keeps what is freed
constexpr std::align_val_t kAlignment{64};
// A buffer that so many others were given back after is not needed any more, such as one of a longer batch.
constexpr uint64_t kOldest = 4096;

// Eight sizes to each power of two, so that batches of nearly the same length share buffers.
size_t size_class(size_t bytes) {
  const size_t step = std::bit_floor(bytes) / 8;
  return (bytes + step - 1) / step * step;
}

}  // namespace

TensorPool::~TensorPool() { free_all(); }

void TensorPool::free_all() {
  const std::lock_guard lock(mutex_);
  for (const auto& [bytes, block] : free_) ::operator delete(block.data, kAlignment);
  free_.clear();
}

at::Tensor TensorPool::empty(at::IntArrayRef shape, const at::TensorOptions& options) {
  size_t bytes = options.dtype().itemsize();
  for (const int64_t size : shape) bytes *= static_cast<size_t>(size);
  if (bytes < kLeastBytes) return at::empty(shape, options);
  bytes = size_class(bytes);
  void* data = take(bytes);
  // The tensor keeps the pool.
  return at::from_blob(
      data, shape, [pool = shared_from_this(), bytes](void* freed) { pool->give_back(freed, bytes); },
      options);
}

void* TensorPool::take(size_t bytes) {
  {
    const std::lock_guard lock(mutex_);
    const auto found = free_.find(bytes);
    if (found != free_.end()) {
      void* data = found->second.data;
      free_.erase(found);
      return data;
    }
  }
  try {
    return ::operator new(bytes, kAlignment);
  } catch (const std::bad_alloc&) {
    free_all();  // what nobody uses may be what is missing
    return ::operator new(bytes, kAlignment);
  }
}

void TensorPool::give_back(void* data, size_t bytes) {
  const std::lock_guard lock(mutex_);
  clock_ += 1;
  for (auto entry = free_.begin(); entry != free_.end();) {
    if (clock_ - entry->second.freed_at <= kOldest) {
      ++entry;
      continue;
    }
    ::operator delete(entry->second.data, kAlignment);
    entry = free_.erase(entry);
  }
  free_.emplace(bytes, Block{data, clock_});
}

}  // namespace w2s::cpu
