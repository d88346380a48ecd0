// Work of a device that is recorded once and then launched as a whole, over and over: a step of many small kernels
// otherwise takes as long as the host needs to launch them one by one. On CUDA these are graphs.
#pragma once

#include <functional>
#include <memory>

namespace w2s {

class RecordedWork {
 public:
  virtual ~RecordedWork() = default;
  /// Does it again: the same kernels with the same sizes over the same memory, in the device's current stream.
  virtual void replay() = 0;
};

class WorkRecorder {
 public:
  virtual ~WorkRecorder() = default;
  /// Runs `work` so that what it puts into the device's queue is written down instead of done, and gives that. `work`
  /// must wait for nothing, must have run before with the same sizes, and has to stay callable. Works of one recorder
  /// share their memory: what one leaves there is lost when another is replayed. Errors: those of `work`, and out of
  /// memory of a device.
  virtual std::unique_ptr<RecordedWork> record(std::function<void()> work) = 0;
};

/// For tests, on any device: a replay runs the work itself again, and recording runs nothing.
std::shared_ptr<WorkRecorder> rerunning_recorder();

}  // namespace w2s
