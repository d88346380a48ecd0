#include "mailbox.h"

#include <utility>

#include "../error.h"
#include "progress.h"

namespace w2s {

namespace {

// The threadsafe function owns a share of the mailbox until Node-API finalises it, so that a late wake-up
// never finds freed memory.
using Share = std::shared_ptr<Mailbox>;

void release_share(napi_env, void* share, void*) { delete static_cast<Share*>(share); }

}  // namespace

std::shared_ptr<Mailbox> Mailbox::create(Napi::Env env) {
  std::shared_ptr<Mailbox> mailbox(new Mailbox());
  auto* share = new Share(mailbox);
  const napi_status status =
      napi_create_threadsafe_function(env, nullptr, nullptr, Napi::String::New(env, "w2s-native"), 0, 1,
                                      share, release_share, share, on_wake, &mailbox->function_);
  if (status != napi_ok) {
    delete share;
    fail("ERR_NATIVE",
         "Expected a threadsafe function but Node-API gave status " + std::to_string(status) + ".");
  }
  napi_unref_threadsafe_function(env, mailbox->function_);  // nothing is pending yet
  return mailbox;
}

void Mailbox::deliver(std::unique_ptr<Arrival> arrival) {
  const std::lock_guard lock(mutex_);
  arrivals_.push_back(std::move(arrival));
  wake_locked();
}

void Mailbox::notify(std::shared_ptr<ProgressChannel> channel) {
  const std::lock_guard lock(mutex_);
  news_.push_back(std::move(channel));
  wake_locked();
}

void Mailbox::wake_locked() {
  if (closed_ || awake_) return;
  awake_ = napi_call_threadsafe_function(function_, nullptr, napi_tsfn_nonblocking) == napi_ok;
}

void Mailbox::on_wake(napi_env env, napi_value, void* context, void*) {
  if (env == nullptr) return;  // the environment is going away
  const Share mailbox = *static_cast<Share*>(context);
  mailbox->drain(Napi::Env(env));
}

void Mailbox::expect(Napi::Env env) {
  if (pending_++ == 0 && !closed_) napi_ref_threadsafe_function(env, function_);
}

void Mailbox::drain(Napi::Env env) {
  std::deque<std::unique_ptr<Arrival>> arrivals;
  std::vector<std::shared_ptr<ProgressChannel>> news;
  {
    const std::lock_guard lock(mutex_);
    awake_ = false;
    arrivals.swap(arrivals_);
    news.swap(news_);
  }
  for (const auto& channel : news) channel->flush(env);
  for (const auto& arrival : arrivals) {
    arrival->settle(env);
    if (--pending_ == 0 && !closed_) napi_unref_threadsafe_function(env, function_);
  }
}

void Mailbox::close(Napi::Env env, bool settle) {
  if (settle) drain(env);
  std::deque<std::unique_ptr<Arrival>> dropped;
  std::vector<std::shared_ptr<ProgressChannel>> silenced;
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return;
    closed_ = true;
    dropped.swap(arrivals_);
    silenced.swap(news_);
  }
  for (const auto& channel : silenced) channel->close();
  napi_release_threadsafe_function(function_, napi_tsfn_abort);
}

}  // namespace w2s
