// Parameter updates: AdamW and Adam by ATen's fused kernels, Muon by hand.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "../io/safetensors.h"
#include "../model/gradients.h"
#include "../model/parameters.h"

namespace w2s {

enum class OptimizerKind { kAdamW, kAdam, kMuon };

/// Learning rates of one step; `head` is also that of everything Muon does not take.
struct LearningRates {
  double trunk = 0.0;
  double head = 0.0;
};

/// What an update makes of its gradients: float32 [] on the parameters' device.
struct StepScale {
  at::Tensor divisor;  // each gradient is divided by it; undefined: as it is
  at::Tensor skip;     // 1: nothing changes, no counter either; 0 or undefined: the update happens
};

/// A parameter and its place in the model's list, which is that of its gradient.
struct Trained {
  Parameter parameter;
  size_t index = 0;
};

/// How some of a model's parameters are updated.
class UpdateRule {
 public:
  virtual ~UpdateRule() = default;
  virtual void step(double lr, Gradients& gradients, const StepScale& scale) = 0;
  /// State by name, for checkpoints; nothing of it is owed.
  virtual void append_state(NamedTensors& into) const = 0;
  virtual void load_state(const WeightFiles& files) = 0;
  // Of a rule that leaves rows without gradients for later:
  virtual void catch_up(size_t parameter, std::span<const int64_t> rows) {}
  virtual void catch_up_all() {}
};

/// Two rules, each for its share of a model's parameters. β 0.9 and 0.999, ε 1e-8 throughout (torch.optim's
/// defaults).
class Optimizer {
 public:
  Optimizer(OptimizerKind kind, double weight_decay, const std::vector<Parameter>& parameters);

  /// `gradients` of the list it was made with. Rows of embeddings without a gradient may be left for later.
  void step(const LearningRates& rates, Gradients& gradients, const StepScale& scale);
  /// Brings rows of a parameter up to date, which may repeat: before they are read.
  void catch_up(size_t parameter, std::span<const int64_t> rows);
  /// The same for whole parameters.
  void catch_up_all();

  /// State by name, for checkpoints, of parameters that are all up to date.
  NamedTensors state() const;
  void load_state(const WeightFiles& files);

 private:
  struct Share {
    std::unique_ptr<UpdateRule> rule;
    double LearningRates::*rate;
  };
  std::vector<Share> shares_;
};

}  // namespace w2s
