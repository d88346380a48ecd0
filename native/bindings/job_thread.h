// One joinable thread with a queue: every call on a device runs on it, in the order of its making. OpenMP's
// pool belongs to the thread that calls it, so this thread alone sets ATen's thread count. It is never a
// libuv pool thread: those are shared with the file system and must not be held for minutes.
#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>

namespace w2s {

/// What the thread runs. Either `run` or `abandon` is called, once.
class Job {
 public:
  explicit Job(int threads) : threads(threads) {}
  virtual ~Job() = default;
  virtual void run() noexcept = 0;      // on the job thread
  virtual void abandon() noexcept = 0;  // on the stopping thread: the job will not run

  const int threads;  // CPU threads that ATen may use; 0: leave as it is

 protected:
  /// The job's way home once it ran or was abandoned; called with its ownership.
  friend class JobThread;
  virtual void arrive(std::unique_ptr<Job> self) noexcept = 0;
};

class JobThread {
 public:
  JobThread() = default;
  ~JobThread();  // stops and joins
  JobThread(const JobThread&) = delete;
  JobThread& operator=(const JobThread&) = delete;

  /// Starts the thread at the first job. After `request_stop` a job is abandoned at once.
  void post(std::unique_ptr<Job> job);
  /// No further job starts. The running one must see its cancel token.
  void request_stop();
  /// Waits for the running job; abandons those that never started.
  void join();

 private:
  void loop();
  static void send_home(std::unique_ptr<Job> job) noexcept;

  std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<std::unique_ptr<Job>> queue_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace w2s
