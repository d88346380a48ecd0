// Adam (Kingma & Ba 2015) and AdamW (Loshchilov & Hutter 2019) over a list of parameters, by ATen's fused
// kernels; rows of embeddings that a batch did not touch, by LazyRows.
#pragma once

#include <optional>

#include "lazy_rows.h"
#include "optimizer.h"

namespace w2s {

class Adam final : public UpdateRule {
 public:
  /// `decoupled` decay is AdamW's; otherwise decay is added to the gradient.
  Adam(std::vector<Trained> parameters, double weight_decay, bool decoupled);

  void step(double lr, Gradients& gradients, const StepScale& scale) override;
  void append_state(NamedTensors& into) const override;
  void load_state(const WeightFiles& files) override;
  void catch_up(size_t parameter, std::span<const int64_t> rows) override;
  void catch_up_all() override;

 private:
  struct Moments {
    Trained trained;
    at::Tensor first, second;
    std::optional<LazyRows> lazy;  // once a gradient was of rows only
  };

  bool step_rows(Moments& own, const AdamStep& now, Gradients& gradients, const StepScale& scale) const;

  double weight_decay_;
  bool decoupled_;
  std::vector<Moments> moments_;
  at::Tensor steps_;  // done so far, float32 [] as the fused kernels want it; one for all parameters
};

}  // namespace w2s
