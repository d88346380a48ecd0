// Progress from the job thread to a JavaScript callback. Bounded: one value waits, a newer one replaces it.
// The last value reported is always delivered before the call's promise settles, and none after.
#pragma once

#include <napi.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>

#include "../cancel.h"

namespace w2s {

class Mailbox;

class ProgressChannel : public std::enable_shared_from_this<ProgressChannel> {
 public:
  /// A callback that throws cancels `cancel`, and the call rejects with what was thrown.
  static std::shared_ptr<ProgressChannel> create(Napi::Function callback,
                                                 std::shared_ptr<CancelToken> cancel);

  /// Any thread: replaces the value that waits.
  void report(double value);
  /// `report` for native code that counts; none without a channel.
  static std::function<void(std::int64_t)> reporter(std::shared_ptr<ProgressChannel> channel);

  // The JavaScript thread.
  void flush(Napi::Env env) noexcept;
  void close() noexcept;
  /// What the callback threw; empty when it did not.
  napi_value thrown(Napi::Env env) noexcept;

 private:
  ProgressChannel() = default;
  void keep_exception(Napi::Env env) noexcept;

  std::mutex mutex_;
  std::optional<double> waiting_;
  bool queued_ = false;  // waits in the mailbox
  bool closed_ = false;
  std::shared_ptr<Mailbox> mailbox_;
  std::shared_ptr<CancelToken> cancel_;
  Napi::FunctionReference callback_;  // JavaScript thread only
  Napi::ObjectReference thrown_;      // JavaScript thread only: { value }
};

}  // namespace w2s
