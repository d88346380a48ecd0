// Large buffers that are used again. A C library gives blocks of many megabytes back to the system as soon as they
// are freed and takes them anew for the next layer; the system then clears every page again, 4 KiB at a time.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>

namespace w2s::cpu {

/// Safe to use from several threads. Tensors may outlive it.
class TensorPool : public std::enable_shared_from_this<TensorPool> {
 public:
  TensorPool() = default;
  ~TensorPool();
  TensorPool(const TensorPool&) = delete;
  TensorPool& operator=(const TensorPool&) = delete;

  /// As at::empty on the CPU. Small tensors come from there.
  at::Tensor empty(at::IntArrayRef shape, const at::TensorOptions& options);

 private:
  struct Block {
    void* data = nullptr;
    uint64_t freed_at = 0;
  };

  void* take(size_t bytes);
  void give_back(void* data, size_t bytes);
  void free_all();

  std::mutex mutex_;
  std::multimap<size_t, Block> free_;  // by size
  uint64_t clock_ = 0;                 // buffers given back so far
};

}  // namespace w2s::cpu
