// Everything that belongs to one environment (the main thread, or one worker): its job threads, its way back
// to JavaScript, the constructors of its classes. Held as Node-API instance data; there are no statics, so
// workers, and an addon that is loaded twice, do not share anything.
#pragma once

#include <napi.h>

#include <atomic>
#include <map>
#include <memory>
#include <string>

#include "../cancel.h"
#include "job_thread.h"
#include "mailbox.h"

namespace w2s {

class CudaLibrary;

class InstanceData {
 public:
  /// Once, when the module is initialised: makes the data and registers the clean-up hook.
  static InstanceData& install(Napi::Env env);
  static InstanceData& of(Napi::Env env);

  ~InstanceData();
  InstanceData(const InstanceData&) = delete;
  InstanceData& operator=(const InstanceData&) = delete;

  /// The job thread of a device (`cpu`, `cuda:0`), made when first asked for.
  JobThread& thread_for(const std::string& device);
  const std::shared_ptr<Mailbox>& mailbox() const { return mailbox_; }
  /// Opened on first use, by whoever uses it; jobs keep a share of it.
  const std::shared_ptr<CudaLibrary>& cuda() const { return cuda_; }

  /// Constructors by class name, for handles that native code makes (`constructors["Model"]`).
  std::map<std::string, Napi::FunctionReference> constructors;

  /// False once `shutdown` began; calls then reject with ERR_DISPOSED.
  bool live() const noexcept { return !stopping_->load(); }
  const std::shared_ptr<std::atomic<bool>>& stopping() const { return stopping_; }

  /// Stops and joins all threads: running jobs see it through their cancel token, queued ones are rejected.
  /// `settle` is false where JavaScript may no longer run (the clean-up hook). Does nothing the second time.
  void shutdown(Napi::Env env, bool settle);

 private:
  explicit InstanceData(Napi::Env env);
  static void on_cleanup(void* self);

  napi_env env_;
  std::shared_ptr<std::atomic<bool>> stopping_ = std::make_shared<std::atomic<bool>>(false);
  std::shared_ptr<Mailbox> mailbox_;
  std::map<std::string, std::unique_ptr<JobThread>> threads_;
  std::shared_ptr<CudaLibrary> cuda_;
};

/// The export `shutdown()`.
Napi::Value shutdown_environment(const Napi::CallbackInfo& info);

}  // namespace w2s
