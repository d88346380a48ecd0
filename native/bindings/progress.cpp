#include "progress.h"

#include <utility>

#include "instance.h"

namespace w2s {

std::shared_ptr<ProgressChannel> ProgressChannel::create(Napi::Function callback,
                                                         std::shared_ptr<CancelToken> cancel) {
  std::shared_ptr<ProgressChannel> channel(new ProgressChannel());
  channel->mailbox_ = InstanceData::of(callback.Env()).mailbox();
  channel->cancel_ = std::move(cancel);
  channel->callback_ = Napi::Persistent(callback);
  return channel;
}

void ProgressChannel::report(double value) {
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return;
    waiting_ = value;
    if (std::exchange(queued_, true)) return;
  }
  mailbox_->notify(shared_from_this());
}

std::function<void(std::int64_t)> ProgressChannel::reporter(std::shared_ptr<ProgressChannel> channel) {
  if (!channel) return {};
  return [channel = std::move(channel)](std::int64_t done) { channel->report(static_cast<double>(done)); };
}

void ProgressChannel::flush(Napi::Env env) noexcept {
  std::optional<double> value;
  {
    const std::lock_guard lock(mutex_);
    queued_ = false;
    value = std::exchange(waiting_, std::nullopt);
  }
  if (!value || closed_ || !thrown_.IsEmpty()) return;
  const Napi::HandleScope scope(env);
  napi_value argument = nullptr, ignored = nullptr;
  if (napi_create_double(env, *value, &argument) != napi_ok) return;
  if (napi_call_function(env, env.Undefined(), callback_.Value(), 1, &argument, &ignored) != napi_ok) {
    keep_exception(env);
  }
}

// The exception rejects the call's promise, where its caller sees it, instead of ending the process.
void ProgressChannel::keep_exception(Napi::Env env) noexcept {
  if (cancel_) cancel_->cancel();
  napi_value exception = nullptr, box = nullptr;
  if (napi_get_and_clear_last_exception(env, &exception) != napi_ok) return;
  if (napi_create_object(env, &box) != napi_ok) return;
  if (napi_set_named_property(env, box, "value", exception) != napi_ok) return;
  thrown_ = Napi::Persistent(Napi::Object(env, box));
}

void ProgressChannel::close() noexcept {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    waiting_.reset();
  }
  callback_.Reset();
}

napi_value ProgressChannel::thrown(Napi::Env env) noexcept {
  napi_value value = nullptr;
  if (!thrown_.IsEmpty()) napi_get_named_property(env, thrown_.Value(), "value", &value);
  return value;
}

}  // namespace w2s
