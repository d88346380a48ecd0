#include "muon.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/addmm.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>
#include <cmath>

namespace w2s {
namespace {

constexpr double kMomentum = 0.95;
constexpr double kA = 3.4445, kB = -4.7750, kC = 2.0315;
constexpr int kSteps = 5;
constexpr double kEpsilon = 1e-7;

}  // namespace

at::Tensor orthogonalise(const at::Tensor& update) {
  const bool tall = update.size(0) > update.size(1);
  at::Tensor x = tall ? update.t() : update;
  x = x / at::linalg_vector_norm(x, 2).clamp_min(kEpsilon);  // singular values at most 1
  for (int step = 0; step < kSteps; ++step) {
    const at::Tensor gram = at::mm(x, x.t());
    const at::Tensor mix = at::addmm(gram, gram, gram, kB, kC);
    x = at::addmm(x, mix, x, kA, 1.0);
  }
  return tall ? x.t() : x;
}

Muon::Muon(std::vector<Trained> parameters, double weight_decay)
    : parameters_(std::move(parameters)), weight_decay_(weight_decay) {
  for (const auto& [parameter, index] : parameters_)
    momenta_.push_back(at::zeros_like(parameter.tensor.detach()));
}

void Muon::step(double lr, Gradients& gradients, const StepScale& scale) {
  const at::NoGradGuard no_grad;
  // Waits for a device, as AdamW does not: most of the time goes into the matrices below all the same.
  if (scale.skip.defined() && scale.skip.item<float>() != 0.0F) return;
  for (size_t i = 0; i < parameters_.size(); ++i) {
    at::Tensor weight = parameters_[i].parameter.tensor;
    at::Tensor gradient = gradients.dense(parameters_[i].index);
    if (scale.divisor.defined()) gradient.div_(scale.divisor);
    momenta_[i].lerp_(gradient, 1.0 - kMomentum);
    const at::Tensor update = orthogonalise(gradient.lerp(momenta_[i], kMomentum));  // Nesterov
    const double shape_ratio = static_cast<double>(weight.size(0)) / static_cast<double>(weight.size(1));
    weight.mul_(1.0 - lr * weight_decay_);
    weight.add_(update, -lr * std::sqrt(std::max(1.0, shape_ratio)));
  }
}

void Muon::append_state(NamedTensors& into) const {
  for (size_t i = 0; i < parameters_.size(); ++i) {
    into.emplace_back("muon.momentum." + parameters_[i].parameter.name, momenta_[i].to(at::kCPU));
  }
}

void Muon::load_state(const WeightFiles& files) {
  for (size_t i = 0; i < parameters_.size(); ++i) {
    files.copy_into("muon.momentum." + parameters_[i].parameter.name, momenta_[i]);
  }
}

}  // namespace w2s
