#include "job_thread.h"

#include <ATen/Parallel.h>

#include <chrono>
#include <utility>

namespace w2s {

namespace {
// Between two looks at a device that still computes; short against its work, long against a look.
constexpr std::chrono::microseconds kBetweenLooks{100};
// Beyond it the oldest is waited for: each holds memory until it is home.
constexpr std::size_t kMostLate = 8;
}  // namespace

JobThread::~JobThread() {
  request_stop();
  join();
}

void JobThread::post(std::unique_ptr<Job> job) {
  {
    const std::lock_guard lock(mutex_);
    if (!stopping_) {
      if (!thread_.joinable()) thread_ = std::thread([this] { loop(); });
      queue_.push_back(std::move(job));
    }
  }
  if (job) {
    job->abandon();
    send_home(std::move(job));
  } else {
    ready_.notify_one();
  }
}

void JobThread::request_stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  ready_.notify_one();
}

void JobThread::join() {
  if (thread_.joinable()) thread_.join();
  std::deque<std::unique_ptr<Job>>
      left;  // after the running job, so that calls end in the order of their making
  {
    const std::lock_guard lock(mutex_);
    left.swap(queue_);
  }
  for (auto& job : left) {
    job->abandon();
    send_home(std::move(job));
  }
}

void JobThread::loop() {
  int threads_now = 0;
  while (std::unique_ptr<Job> job = next()) {
    if (job->threads > 0 && job->threads != threads_now) {
      threads_now = job->threads;
      at::set_num_threads(threads_now);
    }
    job->run();
    const std::size_t may_stay = job->late() ? kMostLate : 0;
    ran_.push_back(std::move(job));
    while (ran_.size() > may_stay) send_front_home();
    send_ready_home();
  }
  while (!ran_.empty()) send_front_home();
}

std::unique_ptr<Job> JobThread::next() {
  std::unique_lock lock(mutex_);
  const auto has_news = [this] { return stopping_ || !queue_.empty(); };
  while (!has_news()) {
    if (ran_.empty()) {
      ready_.wait(lock, has_news);
      break;
    }
    lock.unlock();
    send_ready_home();
    lock.lock();
    if (!ran_.empty()) ready_.wait_for(lock, kBetweenLooks, has_news);
  }
  if (stopping_) return nullptr;
  std::unique_ptr<Job> job = std::move(queue_.front());
  queue_.pop_front();
  return job;
}

void JobThread::send_ready_home() noexcept {
  while (!ran_.empty() && ran_.front()->ready()) send_front_home();
}

void JobThread::send_front_home() noexcept {
  std::unique_ptr<Job> job = std::move(ran_.front());
  ran_.pop_front();
  if (job->late()) job->fetch();
  send_home(std::move(job));
}

void JobThread::send_home(std::unique_ptr<Job> job) noexcept {
  Job& itself = *job;
  itself.arrive(std::move(job));
}

}  // namespace w2s
