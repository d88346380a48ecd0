#include "instance.h"

#include <utility>

#include "cuda_library.h"
#include "errors.h"

namespace w2s {

InstanceData& InstanceData::install(Napi::Env env) {
  auto* data = new InstanceData(env);
  env.SetInstanceData<InstanceData>(data);
  return *data;
}

InstanceData& InstanceData::of(Napi::Env env) { return *env.GetInstanceData<InstanceData>(); }

// Hooks run in reverse order of their making: ours comes after the mailbox's threadsafe function, so that the
// threads are joined while that function is still open.
InstanceData::InstanceData(Napi::Env env)
    : env_(env), mailbox_(Mailbox::create(env)), cuda_(std::make_shared<CudaLibrary>()) {
  napi_add_env_cleanup_hook(env, on_cleanup, this);
}

InstanceData::~InstanceData() { shutdown(env_, false); }

void InstanceData::on_cleanup(void* self) {
  auto* data = static_cast<InstanceData*>(self);
  data->shutdown(data->env_, false);
}

JobThread& InstanceData::thread_for(const std::string& device) {
  auto& thread = threads_[device];
  if (!thread) thread = std::make_unique<JobThread>();
  return *thread;
}

void InstanceData::shutdown(Napi::Env env, bool settle) {
  if (stopping_->exchange(true)) return;
  for (const auto& [device, thread] : threads_) thread->request_stop();
  for (const auto& [device, thread] : threads_) thread->join();
  mailbox_->close(env, settle);
}

Napi::Value shutdown_environment(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] {
    InstanceData::of(info.Env()).shutdown(info.Env(), true);
    return info.Env().Undefined();
  });
}

}  // namespace w2s
