#include "optimizer.h"

#include "adam.h"
#include "muon.h"

namespace w2s {
namespace {

template <class Predicate>
std::vector<Trained> select(const std::vector<Parameter>& parameters, const Predicate& wanted) {
  std::vector<Trained> selected;
  for (size_t i = 0; i < parameters.size(); ++i) {
    if (wanted(parameters[i])) selected.push_back({parameters[i], i});
  }
  return selected;
}

class AdamOptimizer final : public Optimizer {
 public:
  AdamOptimizer(const std::vector<Parameter>& parameters, double weight_decay, bool decoupled)
      : trunk_(select(parameters, [](const Parameter& p) { return p.kind != ParameterKind::kHead; }),
               weight_decay, decoupled),
        head_(select(parameters, [](const Parameter& p) { return p.kind == ParameterKind::kHead; }),
              weight_decay, decoupled) {}

  void step(const LearningRates& rates, Gradients& gradients) override {
    trunk_.step(rates.trunk, gradients);
    head_.step(rates.head, gradients);
  }
  NamedTensors state() const override {
    NamedTensors state;
    trunk_.append_state(state);
    head_.append_state(state);
    return state;
  }
  void load_state(const WeightFiles& files) override {
    trunk_.load_state(files);
    head_.load_state(files);
  }

 private:
  Adam trunk_;
  Adam head_;
};

class MuonOptimizer final : public Optimizer {
 public:
  MuonOptimizer(const std::vector<Parameter>& parameters, double weight_decay)
      : matrices_(select(parameters, [](const Parameter& p) { return p.kind == ParameterKind::kMatrix; }),
                  weight_decay),
        rest_(select(parameters, [](const Parameter& p) { return p.kind != ParameterKind::kMatrix; }),
              weight_decay,
              /*decoupled=*/true) {}

  void step(const LearningRates& rates, Gradients& gradients) override {
    matrices_.step(rates.trunk, gradients);
    rest_.step(rates.head, gradients);
  }
  NamedTensors state() const override {
    NamedTensors state;
    matrices_.append_state(state);
    rest_.append_state(state);
    return state;
  }
  void load_state(const WeightFiles& files) override {
    matrices_.load_state(files);
    rest_.load_state(files);
  }

 private:
  Muon matrices_;
  Adam rest_;
};

}  // namespace

std::unique_ptr<Optimizer> make_optimizer(OptimizerKind kind, double weight_decay,
                                          const std::vector<Parameter>& parameters) {
  if (kind == OptimizerKind::kMuon) return std::make_unique<MuonOptimizer>(parameters, weight_decay);
  return std::make_unique<AdamOptimizer>(parameters, weight_decay, kind == OptimizerKind::kAdamW);
}

}  // namespace w2s
