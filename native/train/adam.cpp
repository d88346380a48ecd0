#include "adam.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/_fused_adam.h>
#include <ATen/ops/_fused_adamw.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

namespace w2s {

Adam::Adam(std::vector<Trained> parameters, double weight_decay, bool decoupled)
    : weight_decay_(weight_decay), decoupled_(decoupled) {
  for (Trained& trained : parameters) {
    const at::Tensor weight = trained.parameter.tensor.detach();
    moments_.push_back({std::move(trained), at::zeros_like(weight), at::zeros_like(weight), std::nullopt});
  }
  if (!moments_.empty()) steps_ = at::zeros({}, moments_.front().first.options());
}

void Adam::step(double lr, Gradients& gradients, const StepScale& scale) {
  if (moments_.empty()) return;
  const at::NoGradGuard no_grad;
  // Decay that is added to the gradient leaves no row without one.
  const bool rows_wait = steps_.is_cpu() && (decoupled_ || weight_decay_ == 0.0);
  std::optional<AdamStep> now;
  if (rows_wait) now.emplace(lr, weight_decay_, steps_.item<float>() + 1);
  std::vector<at::Tensor> weights, dense, first, second;
  for (Moments& own : moments_) {
    if (now && step_rows(own, *now, gradients, scale)) continue;
    weights.push_back(own.trained.parameter.tensor);
    dense.push_back(gradients.dense(own.trained.index));
    first.push_back(own.first);
    second.push_back(own.second);
  }
  steps_.add_(1);
  const std::vector<at::Tensor> steps(weights.size(), steps_);
  const auto given = [](const at::Tensor& tensor) {
    return tensor.defined() ? std::make_optional(tensor) : std::nullopt;
  };
  const auto update = [&](auto&& fused) {
    if (weights.empty()) return;
    fused(weights, dense, first, second, /*max_exp_avg_sqs=*/at::TensorList{}, steps, lr, kAdamBeta1,
          kAdamBeta2, weight_decay_, kAdamEpsilon, /*amsgrad=*/false, /*maximize=*/false,
          given(scale.divisor), given(scale.skip));
  };
  if (decoupled_) {
    update([](auto&&... arguments) { at::_fused_adamw_(arguments...); });
  } else {
    update([](auto&&... arguments) { at::_fused_adam_(arguments...); });
  }
  if (scale.skip.defined()) steps_.sub_(scale.skip);
}

// False where the gradient is dense: the parameter is then up to date, for a dense step.
bool Adam::step_rows(Moments& own, const AdamStep& now, Gradients& gradients, const StepScale& scale) const {
  const size_t index = own.trained.index;
  const bool rows = gradients.is_rows(index) && !scale.skip.defined();
  if (rows && !own.lazy) own.lazy.emplace(own.trained.parameter.tensor.detach(), own.first, own.second);
  if (!own.lazy) return false;
  if (rows) {
    own.lazy->step(now, gradients.rows(index), scale.divisor.defined() ? scale.divisor.item<float>() : 1.0F);
    return true;
  }
  if (gradients.empty(index) && !scale.skip.defined()) {
    own.lazy->step(now);
    return true;
  }
  own.lazy->catch_up_all();
  return false;
}

void Adam::catch_up(size_t parameter, std::span<const int64_t> rows) {
  for (Moments& own : moments_) {
    if (own.trained.index == parameter && own.lazy) own.lazy->catch_up(rows);
  }
}

void Adam::catch_up_all() {
  for (Moments& own : moments_) {
    if (own.lazy) own.lazy->catch_up_all();
  }
}

void Adam::append_state(NamedTensors& into) const {
  for (const Moments& own : moments_) {
    into.emplace_back("adam.first." + own.trained.parameter.name, own.first.to(at::kCPU));
    into.emplace_back("adam.second." + own.trained.parameter.name, own.second.to(at::kCPU));
    into.emplace_back("adam.step." + own.trained.parameter.name, steps_.to(at::kCPU));
  }
}

// Every parameter has had as many steps: the last one's number is that of all.
void Adam::load_state(const WeightFiles& files) {
  for (Moments& own : moments_) {
    own.lazy.reset();
    files.copy_into("adam.first." + own.trained.parameter.name, own.first);
    files.copy_into("adam.second." + own.trained.parameter.name, own.second);
    files.copy_into("adam.step." + own.trained.parameter.name, steps_);
  }
}

}  // namespace w2s
