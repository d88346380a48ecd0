// The global norm of a model's gradients, and what clipping by it makes of them. The update divides
// gradients as it reads them and may write them back; they are cleared behind it.
#pragma once

#include <ATen/core/Tensor.h>

#include "../model/gradients.h"
#include "optimizer.h"

namespace w2s {

/// √Σ g², float64 [], on the device of the gradients where there are any.
at::Tensor gradient_norm(Gradients& gradients);

/// Divides gradients by max(1, (norm + 1e-6) / clip), torch.nn.utils.clip_grad_norm_'s formula; `clip` 0: never.
/// `norm` float64 []. On the CPU the divisor is undefined where it is 1.
StepScale clip_scale(const at::Tensor& norm, double clip);

}  // namespace w2s
