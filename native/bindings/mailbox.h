// How results come home: jobs that are done, and progress channels that have news, wait here until the
// JavaScript thread empties it. One threadsafe function per environment only wakes that thread; it holds the
// process open while a job is pending and lets it end otherwise.
#pragma once

#include <napi.h>

#include <deque>
#include <memory>
#include <mutex>
#include <vector>

namespace w2s {

class ProgressChannel;

/// A job on its way back to JavaScript.
class Arrival {
 public:
  virtual ~Arrival() = default;
  /// On the JavaScript thread: resolve or reject.
  virtual void settle(Napi::Env env) noexcept = 0;
};

class Mailbox {
 public:
  static std::shared_ptr<Mailbox> create(Napi::Env env);

  // Any thread.
  void deliver(std::unique_ptr<Arrival> arrival);
  void notify(std::shared_ptr<ProgressChannel> channel);

  // The JavaScript thread.
  void expect(Napi::Env env);  // one more job is pending
  void drain(Napi::Env env);
  /// Nothing is delivered any more. With `settle`, what has arrived is settled first.
  void close(Napi::Env env, bool settle);

 private:
  Mailbox() = default;
  void wake_locked();
  static void on_wake(napi_env env, napi_value callback, void* context, void* data);

  std::mutex mutex_;
  std::deque<std::unique_ptr<Arrival>> arrivals_;
  std::vector<std::shared_ptr<ProgressChannel>> news_;
  napi_threadsafe_function function_ = nullptr;
  bool awake_ = false;
  bool closed_ = false;
  std::size_t pending_ = 0;  // JavaScript thread only
};

}  // namespace w2s
