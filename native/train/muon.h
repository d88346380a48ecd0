// Muon (Jordan et al. 2024): momentum whose update is replaced by its nearest orthogonal matrix, for weight
// matrices. Equal to torch.optim.Muon with float32 arithmetic and adjust_lr_fn "original".
#pragma once

#include "optimizer.h"

namespace w2s {

/// An approximately orthogonal matrix with the same singular vectors, by five Newton–Schulz steps. [rows,
/// columns].
at::Tensor orthogonalise(const at::Tensor& update);

class Muon final : public UpdateRule {
 public:
  Muon(std::vector<Trained> parameters, double weight_decay);

  void step(double lr, Gradients& gradients, const StepScale& scale) override;
  void append_state(NamedTensors& into) const override;
  void load_state(const WeightFiles& files) override;

 private:
  std::vector<Trained> parameters_;
  double weight_decay_;
  std::vector<at::Tensor> momenta_;
};

}  // namespace w2s
