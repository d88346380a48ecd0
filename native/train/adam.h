// Adam (Kingma & Ba 2015) and AdamW (Loshchilov & Hutter 2019) over a list of parameters, by ATen's fused
// kernels.
#pragma once

#include "optimizer.h"

namespace w2s {

class Adam {
 public:
  /// `decoupled` decay is AdamW's; otherwise decay is added to the gradient.
  Adam(std::vector<Trained> parameters, double weight_decay, bool decoupled);

  void step(double lr, Gradients& gradients);
  void append_state(NamedTensors& into) const;
  void load_state(const WeightFiles& files);

 private:
  std::vector<Trained> parameters_;
  double weight_decay_;
  bool decoupled_;
  std::vector<at::Tensor> tensors_, first_moments_, second_moments_, steps_;
};

}  // namespace w2s
