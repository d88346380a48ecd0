// What would wait for a GPU, found on the CPU. Losses run over tensors without memory: the meta device has shapes and
// no values, so that whatever reads a value on the host throws. A trainer's forward and backward pass, for which that
// device lacks operators, runs on the CPU with plain kernels while every operator that hands a value over is noted.
#include "check_waits.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>
#include <ATen/record_function.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string_view>

#include "../kernels/kernels.h"
#include "../loss/objective.h"
#include "../train/trainer.h"
#include "convert.h"
#include "errors.h"

namespace w2s {
namespace {

class Checks {
 public:
  explicit Checks(Napi::Env env) : found_(Napi::Array::New(env)) {}

  template <class Body>
  void check(const std::string& what, const Body& body) {
    try {
      body();
    } catch (const std::exception& error) {
      const std::string text = error.what();
      found_[count_++] = Napi::String::New(found_.Env(), what + ": " + text.substr(0, text.find('\n')));
    }
  }
  const Napi::Array& found() const { return found_; }

 private:
  Napi::Array found_;
  uint32_t count_ = 0;
};

struct NamedLoss {
  const char* name;
  LossKind kind;
  Threshold::Rule rule = Threshold::Rule::kHalf;
};

constexpr NamedLoss kLosses[] = {
    {"cross-entropy", LossKind::kCrossEntropy},
    {"confidence, half", LossKind::kConfidence},
    {"confidence, weak mean", LossKind::kConfidence, Threshold::Rule::kWeakMean},
    {"confidence, a value", LossKind::kConfidence, Threshold::Rule::kValue},
    {"product", LossKind::kProduct},
    {"reverse KL", LossKind::kReverseKl},
    {"window", LossKind::kWindow},
    {"window of the median", LossKind::kWindowOfMedian},
    {"entropy", LossKind::kEntropy},
    {"adaptive confidence", LossKind::kAdaptiveConfidence},
};

Objective objective_of(const NamedLoss& loss) {
  Objective objective;
  objective.loss = loss.kind;
  objective.threshold = {loss.rule, 0.4};
  objective.alpha = objective.beta = 0.5;
  objective.radius = 0.2;
  return objective;
}

void check_loss(const NamedLoss& loss) {
  const auto meta = at::TensorOptions().dtype(at::kFloat).device(at::kMeta);
  const Objective objective = objective_of(loss);
  for (const bool log_probabilities : {false, true}) {
    const LossRows rows{at::empty({6, 2}, meta), at::empty({6, 2}, meta), 6, log_probabilities};
    const LossAndGradient found = apply_loss(objective, rows, *plain_kernels());
    const bool fits = found.loss.dim() == 0 && found.loss.scalar_type() == at::kDouble &&
                      found.d_logits_BK.sizes() == rows.logits_BK.sizes() && found.loss.is_meta();
    if (!fits) fail("ERR_NATIVE", "Expected a loss without dimensions and the logits' shape.");
  }
}

// Operators that hand a value, or a size that depends on values, to the host.
constexpr std::array<std::string_view, 5> kReads = {"aten::_local_scalar_dense", "aten::nonzero",
                                                    "aten::masked_select", "aten::equal", "aten::_unique2"};

// Notes those that this thread calls while it lives.
class HostReads {
 public:
  HostReads()
      : handle_(at::addThreadLocalCallback(
            at::RecordFunctionCallback(&notice).scopes({at::RecordScope::FUNCTION}))) {
    names().clear();
  }
  ~HostReads() { at::removeCallback(handle_); }
  HostReads(const HostReads&) = delete;
  HostReads& operator=(const HostReads&) = delete;

  void require_none() const {
    if (!names().empty()) fail("ERR_NATIVE", names().front());
  }

 private:
  // A callback of libtorch's takes nothing along.
  static std::vector<std::string>& names() {
    thread_local std::vector<std::string> names;
    return names;
  }
  static std::unique_ptr<at::ObserverContext> notice(const at::RecordFunction& call) {
    if (std::ranges::find(kReads, std::string_view(call.name())) != kReads.end())
      names().emplace_back(call.name());
    return nullptr;
  }

  at::CallbackHandle handle_;
};

// From sequences and targets to gradients, in several micro-batches.
void check_training(const std::string& folder, const HeadRequest& head, const Objective& objective) {
  ModelOptions options;
  options.folder = folder;
  options.head = head;
  options.kernels = plain_kernels();
  Trainer trainer(std::make_shared<Model>(options), {.micro_batch_tokens = 8, .share_prefixes = true});
  const Sequences sequences{
      {1, 2, 3, 4, 1, 2, 3, 4, 5, 6, 7, 8}, {0, 4, 9, 10, 12}, std::vector<int32_t>{1, 2, 1, 1}};
  CancelToken cancel;
  const HostReads reads;
  trainer.forward_backward(sequences, objective, cancel);
  reads.require_none();
}

void check_heads(Checks& checks, const std::string& folder) {
  const HeadRequest classifier{.kind = HeadKind::kClassifier, .labels = 2};
  for (const NamedLoss& loss : kLosses) {
    Objective objective = objective_of(loss);
    objective.targets_BK = {0.2F, 0.8F, 0.5F, 0.5F, 1.0F, 0.0F, 0.7F, 0.3F};
    checks.check(std::string("training, ") + loss.name,
                 [&] { check_training(folder, classifier, objective); });
  }
  Objective pairs;
  pairs.group = 2;
  pairs.targets_BK = {1.0F, 0.0F, 0.3F, 0.7F};
  checks.check("pairs by likelihood",
               [&] { check_training(folder, {.kind = HeadKind::kLikelihood}, pairs); });
  checks.check("pairs by a scalar", [&] { check_training(folder, {.kind = HeadKind::kScalar}, pairs); });
  Objective language_model;
  language_model.loss = LossKind::kLanguageModel;
  checks.check("language model", [&] { check_training(folder, {.kind = HeadKind::kLm}, language_model); });
}

}  // namespace

Napi::Value check_waits(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  return guarded(env, [&]() -> Napi::Value {
    Checks checks(env);
    for (const NamedLoss& loss : kLosses) checks.check(loss.name, [&] { check_loss(loss); });
    check_heads(checks, read_string(info[0], "the folder of checkWaits"));
    checks.check("a value that is read in passing", [] {
      const HostReads reads;
      at::zeros({}).item<float>();
      reads.require_none();
    });
    checks.check("a value that is read",
                 [&] { at::empty({}, at::TensorOptions().device(at::kMeta)).item<float>(); });
    return checks.found();
  });
}

}  // namespace w2s
