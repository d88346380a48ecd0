// Parameter updates: AdamW and Adam by ATen's fused kernels, Muon by hand.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
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

/// A parameter and its place in the model's list, which is that of its gradient.
struct Trained {
  Parameter parameter;
  size_t index = 0;
};

class Optimizer {
 public:
  virtual ~Optimizer() = default;
  /// `gradients` of the list it was made with.
  virtual void step(const LearningRates& rates, Gradients& gradients) = 0;
  /// State by name, for checkpoints.
  virtual NamedTensors state() const = 0;
  virtual void load_state(const WeightFiles& files) = 0;
};

/// β 0.9 and 0.999, ε 1e-8 throughout (torch.optim's defaults).
std::unique_ptr<Optimizer> make_optimizer(OptimizerKind kind, double weight_decay,
                                          const std::vector<Parameter>& parameters);

}  // namespace w2s
