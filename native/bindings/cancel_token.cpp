#include "cancel_token.h"

#include "errors.h"
#include "handle.h"
#include "instance.h"
#include "promise_job.h"

namespace w2s {

namespace {
constexpr const char* kClassName = "NativeCancelToken";
}

void CancelTokenHandle::define(Napi::Env env) {
  const Napi::Function constructor =
      DefineClass(env, kClassName, {InstanceMethod<&CancelTokenHandle::cancel>("cancel")});
  InstanceData::of(env).constructors[kClassName] = Napi::Persistent(constructor);
}

Napi::Value CancelTokenHandle::create(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  return guarded(env, [&]() -> Napi::Value {
    return InstanceData::of(env).constructors.at(kClassName).New({Napi::External<void>::New(env, nullptr)});
  });
}

CancelTokenHandle::CancelTokenHandle(const Napi::CallbackInfo& info)
    : Napi::ObjectWrap<CancelTokenHandle>(info), token_(make_cancel_token(info.Env())) {
  require_internal_call(info, "createCancelToken");
  tag_handle<CancelTokenHandle>(info.This());
}

Napi::Value CancelTokenHandle::cancel(const Napi::CallbackInfo& info) {
  token_->cancel();
  return info.Env().Undefined();
}

std::shared_ptr<CancelToken> read_cancel_token(Napi::Env env, const Napi::Value& value,
                                               const std::string& what) {
  if (value.IsUndefined()) return make_cancel_token(env);
  return unwrap_handle<CancelTokenHandle>(value, what).token();
}

}  // namespace w2s
