// A request to stop, polled by long work between micro-batches. It is also true once the environment that
// owns it shuts down, so that a running job never keeps a process or a worker from ending.
#pragma once

#include <atomic>
#include <memory>
#include <utility>

#include "error.h"

namespace w2s {

class CancelToken {
 public:
  using Flag = std::atomic<bool>;

  CancelToken() = default;
  /// `stopping` belongs to the environment; it is set when that shuts down.
  explicit CancelToken(std::shared_ptr<const Flag> stopping) : stopping_(std::move(stopping)) {}

  void cancel() noexcept { cancelled_.store(true, std::memory_order_relaxed); }

  bool cancelled() const noexcept {
    return cancelled_.load(std::memory_order_relaxed) ||
           (stopping_ && stopping_->load(std::memory_order_relaxed));
  }

  /// Throws ERR_ABORTED once somebody asked to stop.
  void throw_if_cancelled() const {
    if (cancelled()) fail("ERR_ABORTED", "The call was cancelled before it was done.");
  }

 private:
  Flag cancelled_{false};
  std::shared_ptr<const Flag> stopping_;
};

}  // namespace w2s
