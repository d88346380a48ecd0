#include "clip.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/_foreach_norm.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/zeros.h>

#include <vector>

namespace w2s {

// Per tensor and then in double: one norm over all of them in float32 loses four digits on a large model.
at::Tensor gradient_norm(Gradients& gradients) {
  const at::NoGradGuard no_grad;
  std::vector<at::Tensor> written;
  for (size_t i = 0; i < gradients.count(); ++i) {
    if (gradients.empty(i)) continue;
    written.push_back(gradients.is_rows(i) ? gradients.rows(i).values_UD : gradients.dense(i));
  }
  if (written.empty()) return at::zeros({}, at::kDouble);
  return at::linalg_vector_norm(at::stack(at::_foreach_norm(written, 2)).to(at::kDouble), 2);
}

StepScale clip_scale(const at::Tensor& norm, double clip) {
  StepScale scale;
  if (clip <= 0) return scale;
  const at::Tensor divisor = ((norm + 1e-6) / clip).clamp_min(1.0).to(at::kFloat);
  if (norm.is_cpu() && divisor.item<float>() <= 1.0F) return scale;
  scale.divisor = divisor;
  return scale;
}

}  // namespace w2s
