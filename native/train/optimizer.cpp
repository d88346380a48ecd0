#include "optimizer.h"

#include "adam.h"
#include "muon.h"

namespace w2s {

Optimizer::Optimizer(OptimizerKind kind, double weight_decay, const std::vector<Parameter>& parameters) {
  const bool muon = kind == OptimizerKind::kMuon, decoupled = kind != OptimizerKind::kAdam;
  std::vector<Trained> trunk, head;
  for (size_t i = 0; i < parameters.size(); ++i) {
    const ParameterKind own = parameters[i].kind;
    const bool in_trunk = muon ? own == ParameterKind::kMatrix : own != ParameterKind::kHead;
    (in_trunk ? trunk : head).push_back({parameters[i], i});
  }
  std::unique_ptr<UpdateRule> rule;
  if (muon) {
    rule = std::make_unique<Muon>(std::move(trunk), weight_decay);
  } else {
    rule = std::make_unique<Adam>(std::move(trunk), weight_decay, decoupled);
  }
  shares_.push_back({std::move(rule), &LearningRates::trunk});
  shares_.push_back({std::make_unique<Adam>(std::move(head), weight_decay, decoupled), &LearningRates::head});
}

void Optimizer::step(const LearningRates& rates, Gradients& gradients, const StepScale& scale) {
  for (const Share& share : shares_) share.rule->step(rates.*share.rate, gradients, scale);
}

void Optimizer::catch_up(size_t parameter, std::span<const int64_t> rows) {
  for (const Share& share : shares_) share.rule->catch_up(parameter, rows);
}

void Optimizer::catch_up_all() {
  for (const Share& share : shares_) share.rule->catch_up_all();
}

NamedTensors Optimizer::state() const {
  NamedTensors state;
  for (const Share& share : shares_) share.rule->append_state(state);
  return state;
}

void Optimizer::load_state(const WeightFiles& files) {
  for (const Share& share : shares_) share.rule->load_state(files);
}

}  // namespace w2s
