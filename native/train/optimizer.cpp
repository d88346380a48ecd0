#include "optimizer.h"

#include "adam.h"
#include "muon.h"

namespace w2s {

Optimizer::Optimizer(OptimizerKind kind, double weight_decay, const std::vector<Parameter>& parameters) {
  const bool muon = kind == OptimizerKind::kMuon;
  const ParameterKind apart = muon ? ParameterKind::kMatrix : ParameterKind::kHead;
  std::vector<Trained> those, others;
  for (size_t i = 0; i < parameters.size(); ++i)
    (parameters[i].kind == apart ? those : others).push_back({parameters[i], i});
  if (muon) {
    shares_.push_back({std::make_unique<Muon>(std::move(those), weight_decay), &LearningRates::trunk});
    shares_.push_back(
        {std::make_unique<Adam>(std::move(others), weight_decay, /*decoupled=*/true), &LearningRates::head});
    return;
  }
  const bool decoupled = kind == OptimizerKind::kAdamW;
  shares_.push_back(
      {std::make_unique<Adam>(std::move(others), weight_decay, decoupled), &LearningRates::trunk});
  shares_.push_back(
      {std::make_unique<Adam>(std::move(those), weight_decay, decoupled), &LearningRates::head});
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
