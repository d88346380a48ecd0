#include "promise_job.h"

#include <utility>

namespace w2s {

std::shared_ptr<CancelToken> make_cancel_token(Napi::Env env) {
  return std::make_shared<CancelToken>(InstanceData::of(env).stopping());
}

PromiseJobBase::PromiseJobBase(Napi::Env env, int threads, std::shared_ptr<CancelToken> cancel,
                               std::shared_ptr<ProgressChannel> progress)
    : Job(threads),
      mailbox_(InstanceData::of(env).mailbox()),
      cancel_(std::move(cancel)),
      progress_(std::move(progress)) {
  if (napi_create_promise(env, &deferred_, &promise_) != napi_ok) throw Napi::Error::New(env);
}

void PromiseJobBase::run() noexcept {
  try {
    cancel_->throw_if_cancelled();
    do_work(*cancel_);
  } catch (...) {
    failure_ = describe_exception(std::current_exception());
  }
  forget_work();
}

void PromiseJobBase::fetch() noexcept {
  try {
    do_fetch();
  } catch (...) {
    failure_ = describe_exception(std::current_exception());
  }
}

void PromiseJobBase::abandon() noexcept {
  failure_ =
      ErrorRecord{"ERR_ABORTED", "The call was dropped because its environment is shutting down.", {}, {}};
  forget_work();
}

void PromiseJobBase::arrive(std::unique_ptr<Job> self) noexcept {
  mailbox_->deliver(std::unique_ptr<Arrival>(static_cast<PromiseJobBase*>(self.release())));
}

// Plain Node-API calls whose status is ignored: in a worker that is being terminated nothing can be settled,
// and an exception from here would end the process.
void PromiseJobBase::settle(Napi::Env env) noexcept {
  try {
    const Napi::HandleScope scope(env);
    bool resolved = false;
    napi_value value = nullptr;
    try {
      value = outcome(env, resolved);
    } catch (const Napi::Error& error) {
      resolved = false;
      value = error.Value();
    } catch (...) {
      resolved = false;
      value = to_js_error(env, describe_exception(std::current_exception())).Value();
    }
    if (resolved) {
      napi_resolve_deferred(env, deferred_, value);
    } else {
      napi_reject_deferred(env, deferred_, value);
    }
  } catch (...) {
  }
}

napi_value PromiseJobBase::outcome(Napi::Env env, bool& resolved) {
  if (progress_) {
    progress_->flush(env);
    progress_->close();
    if (napi_value thrown = progress_->thrown(env)) return thrown;
  }
  if (failure_) return to_js_error(env, *failure_).Value();
  napi_value value = do_finish(env);
  resolved = true;
  return value;
}

}  // namespace w2s
