#include "recorded_work.h"

#include <utility>

namespace w2s {
namespace {

class Rerun final : public RecordedWork {
 public:
  explicit Rerun(std::function<void()> work) : work_(std::move(work)) {}
  void replay() override { work_(); }

 private:
  std::function<void()> work_;
};

class RerunningRecorder final : public WorkRecorder {
 public:
  std::unique_ptr<RecordedWork> record(std::function<void()> work) override {
    return std::make_unique<Rerun>(std::move(work));
  }
};

}  // namespace

std::shared_ptr<WorkRecorder> rerunning_recorder() { return std::make_shared<RerunningRecorder>(); }

}  // namespace w2s
