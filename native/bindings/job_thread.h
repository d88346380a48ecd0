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
///
/// A job is late where `run` only put work in its device's queue: then `fetch` waits for what comes of it, after
/// the next job was run, so that the device has work meanwhile. Jobs go home in the order of their making.
class Job {
 public:
  explicit Job(int threads) : threads(threads) {}
  virtual ~Job() = default;
  virtual void run() noexcept = 0;      // on the job thread
  virtual void abandon() noexcept = 0;  // on the stopping thread: the job will not run
  // On the job thread, after `run`:
  virtual bool late() const noexcept { return false; }
  virtual bool ready() const noexcept { return true; }  // whether `fetch` would come back at once
  virtual void fetch() noexcept {}                      // of a late job, once

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
  /// Waits for the running job and for what is late; abandons those that never started.
  void join();

 private:
  void loop();
  /// The next job, null when stopping. While none is there, results that have come are sent home.
  std::unique_ptr<Job> next();
  void send_ready_home() noexcept;
  void send_front_home() noexcept;
  static void send_home(std::unique_ptr<Job> job) noexcept;

  std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<std::unique_ptr<Job>> queue_;
  bool stopping_ = false;
  std::deque<std::unique_ptr<Job>> ran_;  // the job thread's own: those that ran and are not home yet
  std::thread thread_;
};

}  // namespace w2s
