// Losses over tensors without memory: the meta device has shapes and no values, so that whatever reads a
// value on the host, and on a GPU would wait for it, throws.
#include "check_waits.h"

#include <ATen/ops/empty.h>

#include "../loss/objective.h"
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

void check_loss(const NamedLoss& loss) {
  const auto meta = at::TensorOptions().dtype(at::kFloat).device(at::kMeta);
  Objective objective;
  objective.loss = loss.kind;
  objective.threshold = {loss.rule, 0.4};
  objective.alpha = objective.beta = 0.5;
  objective.radius = 0.2;
  for (const bool log_probabilities : {false, true}) {
    const LossRows rows{at::empty({6, 2}, meta), at::empty({6, 2}, meta), 6, log_probabilities};
    const LossAndGradient found = apply_loss(objective, rows);
    const bool fits = found.loss.dim() == 0 && found.loss.scalar_type() == at::kDouble &&
                      found.d_logits_BK.sizes() == rows.logits_BK.sizes() && found.loss.is_meta();
    if (!fits) fail("ERR_NATIVE", "Expected a loss without dimensions and the logits' shape.");
  }
}

}  // namespace

Napi::Value check_waits(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  return guarded(env, [&]() -> Napi::Value {
    Checks checks(env);
    for (const NamedLoss& loss : kLosses) checks.check(loss.name, [&] { check_loss(loss); });
    checks.check("a value that is read",
                 [&] { at::empty({}, at::TensorOptions().device(at::kMeta)).item<float>(); });
    return checks.found();
  });
}

}  // namespace w2s
