#include "job_thread.h"

#include <ATen/Parallel.h>

#include <utility>

namespace w2s {

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
  while (true) {
    std::unique_ptr<Job> job;
    {
      std::unique_lock lock(mutex_);
      ready_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
      if (stopping_) return;
      job = std::move(queue_.front());
      queue_.pop_front();
    }
    if (job->threads > 0 && job->threads != threads_now) {
      threads_now = job->threads;
      at::set_num_threads(threads_now);
    }
    job->run();
    send_home(std::move(job));
  }
}

void JobThread::send_home(std::unique_ptr<Job> job) noexcept {
  Job& itself = *job;
  itself.arrive(std::move(job));
}

}  // namespace w2s
