#include "adam.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/_fused_adam.h>
#include <ATen/ops/_fused_adamw.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

namespace w2s {
namespace {

constexpr double kBeta1 = 0.9;
constexpr double kBeta2 = 0.999;
constexpr double kEpsilon = 1e-8;

}  // namespace

Adam::Adam(std::vector<Trained> parameters, double weight_decay, bool decoupled)
    : parameters_(std::move(parameters)), weight_decay_(weight_decay), decoupled_(decoupled) {
  for (const auto& [parameter, index] : parameters_) {
    tensors_.push_back(parameter.tensor);
    first_moments_.push_back(at::zeros_like(parameter.tensor.detach()));
    second_moments_.push_back(at::zeros_like(parameter.tensor.detach()));
    steps_.push_back(at::zeros({}, parameter.tensor.options().requires_grad(false)));
  }
}

void Adam::step(double lr, Gradients& gradients) {
  if (tensors_.empty()) return;
  const at::NoGradGuard no_grad;
  std::vector<at::Tensor> dense;
  dense.reserve(tensors_.size());
  for (size_t i = 0; i < tensors_.size(); ++i) {
    dense.push_back(gradients.dense(parameters_[i].index));
    steps_[i].add_(1);
  }
  const auto update = [&](auto&& fused) {
    fused(tensors_, dense, first_moments_, second_moments_, /*max_exp_avg_sqs=*/at::TensorList{}, steps_, lr,
          kBeta1, kBeta2, weight_decay_, kEpsilon, /*amsgrad=*/false, /*maximize=*/false, std::nullopt,
          std::nullopt);
  };
  if (decoupled_) {
    update([](auto&&... arguments) { at::_fused_adamw_(arguments...); });
  } else {
    update([](auto&&... arguments) { at::_fused_adam_(arguments...); });
  }
}

void Adam::append_state(NamedTensors& into) const {
  for (size_t i = 0; i < parameters_.size(); ++i) {
    into.emplace_back("adam.first." + parameters_[i].parameter.name, first_moments_[i].to(at::kCPU));
    into.emplace_back("adam.second." + parameters_[i].parameter.name, second_moments_[i].to(at::kCPU));
    into.emplace_back("adam.step." + parameters_[i].parameter.name, steps_[i].to(at::kCPU));
  }
}

void Adam::load_state(const WeightFiles& files) {
  for (size_t i = 0; i < parameters_.size(); ++i) {
    files.copy_into("adam.first." + parameters_[i].parameter.name, first_moments_[i]);
    files.copy_into("adam.second." + parameters_[i].parameter.name, second_moments_[i]);
    files.copy_into("adam.step." + parameters_[i].parameter.name, steps_[i]);
  }
}

}  // namespace w2s
