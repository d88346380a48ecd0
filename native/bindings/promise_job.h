// `submit`: runs C++ work on a device's job thread and gives JavaScript a promise of its result.
#pragma once

#include <napi.h>

#include <concepts>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

#include "../cancel.h"
#include "../late_result.h"
#include "errors.h"
#include "instance.h"
#include "job_thread.h"
#include "mailbox.h"
#include "progress.h"

namespace w2s {

/// A token of this environment: also true once the environment stops.
std::shared_ptr<CancelToken> make_cancel_token(Napi::Env env);

/// The part of a job that does not depend on its types.
class PromiseJobBase : public Job, public Arrival {
 public:
  PromiseJobBase(Napi::Env env, int threads, std::shared_ptr<CancelToken> cancel,
                 std::shared_ptr<ProgressChannel> progress);

  /// Only in the handle scope that the job was made in.
  Napi::Promise promise(Napi::Env env) const { return Napi::Promise(env, promise_); }
  void run() noexcept final;
  void abandon() noexcept final;
  void fetch() noexcept final;
  void settle(Napi::Env env) noexcept final;

 protected:
  void arrive(std::unique_ptr<Job> self) noexcept final;
  virtual void do_work(CancelToken& cancel) = 0;     // job thread
  virtual void forget_work() noexcept = 0;           // frees what the work captured
  virtual void do_fetch() = 0;                       // job thread; of late work
  virtual Napi::Value do_finish(Napi::Env env) = 0;  // JavaScript thread

 private:
  napi_value outcome(Napi::Env env, bool& resolved);

  std::shared_ptr<Mailbox> mailbox_;
  std::shared_ptr<CancelToken> cancel_;
  std::shared_ptr<ProgressChannel> progress_;
  napi_deferred deferred_ = nullptr;
  napi_value promise_ = nullptr;
  std::optional<ErrorRecord> failure_;
};

template <class Work>
auto call_work(Work& work, CancelToken& cancel) {
  if constexpr (std::invocable<Work&, CancelToken&>) {
    return work(cancel);
  } else {
    return work();
  }
}

/// What a job's work gives in the end.
template <class Result>
struct Outcome {
  static constexpr bool kLate = false;
  using Value = Result;
};
template <>
struct Outcome<void> {
  static constexpr bool kLate = false;
  using Value = std::monostate;
};
template <class T>
struct Outcome<LateResult<T>> {
  static constexpr bool kLate = true;
  using Value = T;
};

template <class Work, class Finish>
class PromiseJob final : public PromiseJobBase {
 public:
  using Result = decltype(call_work(std::declval<Work&>(), std::declval<CancelToken&>()));
  using Value = typename Outcome<Result>::Value;

  PromiseJob(Napi::Env env, int threads, std::shared_ptr<CancelToken> cancel, Work work, Finish finish,
             std::shared_ptr<ProgressChannel> progress)
      : PromiseJobBase(env, threads, std::move(cancel), std::move(progress)),
        work_(std::move(work)),
        finish_(std::move(finish)) {}

  bool late() const noexcept override { return late_.has_value(); }
  bool ready() const noexcept override {
    if constexpr (Outcome<Result>::kLate) {
      try {
        return !late_ || late_->ready();
      } catch (...) {
        return true;  // what is wrong is thrown once more where the result is fetched
      }
    }
    return true;
  }

 private:
  void do_work(CancelToken& cancel) override {
    if constexpr (Outcome<Result>::kLate) {
      late_.emplace(call_work(*work_, cancel));
    } else if constexpr (std::is_void_v<Result>) {
      call_work(*work_, cancel);
      value_.emplace();
    } else {
      value_.emplace(call_work(*work_, cancel));
    }
  }

  void do_fetch() override {
    if constexpr (Outcome<Result>::kLate) {
      const Result owed = std::move(*late_);  // what it holds is freed here
      late_.reset();
      value_.emplace(owed.wait());
    }
  }

  void forget_work() noexcept override { work_.reset(); }

  Napi::Value do_finish(Napi::Env env) override {
    if constexpr (std::invocable<Finish&, Napi::Env, Value&&>) {
      return finish_(env, std::move(*value_));
    } else {
      return finish_(env);
    }
  }

  std::optional<Work> work_;
  Finish finish_;
  std::optional<std::conditional_t<Outcome<Result>::kLate, Result, std::monostate>> late_;
  std::optional<Value> value_;
};

/// Queues `work` on the device's job thread. `work()` or `work(CancelToken&)` runs there and returns a value
/// (or nothing, or a LateResult); it must not touch JavaScript, and what it captures is freed there. `finish(env, value)` (or
/// `finish(env)`) runs on the JavaScript thread and makes the value the promise resolves to. `cancel` may be
/// null. A job whose token is already true when its turn comes rejects with ERR_ABORTED and never runs.
/// `progress` delivers its last value before the promise settles, and is closed then.
template <class Work, class Finish>
Napi::Promise submit(Napi::Env env, const std::string& device, int threads,
                     std::shared_ptr<CancelToken> cancel, Work work, Finish finish,
                     std::shared_ptr<ProgressChannel> progress = nullptr) {
  InstanceData& instance = InstanceData::of(env);
  if (!instance.live()) {
    fail("ERR_DISPOSED", "The engine of this environment has been shut down.", "Call it before shutdown().");
  }
  JobThread& thread = instance.thread_for(device);
  if (!cancel) cancel = make_cancel_token(env);
  auto job = std::make_unique<PromiseJob<Work, Finish>>(env, threads, std::move(cancel), std::move(work),
                                                        std::move(finish), std::move(progress));
  const Napi::Promise promise = job->promise(env);
  thread.post(std::move(job));
  instance.mailbox()->expect(
      env);  // after a post that may throw: a job that nobody runs would hold the process
  return promise;
}

/// Gives up an object when its turn comes; nobody waits for it.
class ReleaseJob final : public Job {
 public:
  explicit ReleaseJob(std::shared_ptr<void> object) : Job(0), object_(std::move(object)) {}
  void run() noexcept override { object_.reset(); }
  void abandon() noexcept override { object_.reset(); }

 protected:
  void arrive(std::unique_ptr<Job> self) noexcept override { self.reset(); }

 private:
  std::shared_ptr<void> object_;
};

/// Gives up a native object on its device's thread, after the jobs before it: giving back much memory takes
/// time, which is not the event loop's. `object` is empty afterwards.
template <class Object>
void release_on_job_thread(Napi::Env env, const std::string& device, std::shared_ptr<Object>& object) {
  InstanceData& instance = InstanceData::of(env);
  if (object && instance.live()) {
    instance.thread_for(device).post(std::make_unique<ReleaseJob>(std::move(object)));
  }
  object.reset();
}

/// Finish for work that gives nothing: the promise resolves to undefined.
inline Napi::Value finish_undefined(Napi::Env env) { return env.Undefined(); }

}  // namespace w2s
