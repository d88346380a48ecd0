// AdamW of an embedding whose gradient is zero in most rows. Without a gradient a row still moves: its moments decay,
// and they, and the weight's decay, change it. That is owed to the row until somebody reads it, and then made up for
// step by step, with each step's own learning rate. So a row's bits do not depend on when it was brought up to
// date, which a closed form of the missed steps could not give: a checkpoint may be written at any time.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>
#include <vector>

#include "../model/gradients.h"

namespace w2s {

inline constexpr double kAdamBeta1 = 0.9;
inline constexpr double kAdamBeta2 = 0.999;
inline constexpr double kAdamEpsilon = 1e-8;

/// What one AdamW step t does to every weight: w ← decay · w − size · m / (root · √v + ε).
struct AdamStep {
  AdamStep(double lr, double weight_decay, int64_t t);

  float decay;  // 1 − lr · weight decay
  float size;   // lr / (1 − β₁ᵗ)
  float root;   // 1 / √(1 − β₂ᵗ)
};

class LazyRows {
 public:
  /// A matrix with its moments, float32 on the CPU, all up to date; they are changed in place.
  LazyRows(at::Tensor weight_VD, at::Tensor first_VD, at::Tensor second_VD);

  /// Brings some rows up to date; they may repeat.
  void catch_up(std::span<const int64_t> rows);
  void catch_up_all();
  /// One step with these gradients, each divided by `divisor`; no gradient elsewhere.
  void step(const AdamStep& now, const Gradients::Rows& gradients, float divisor);
  /// One step without any gradient.
  void step(const AdamStep& now) { owed_.push_back(now); }

 private:
  struct Row {
    float *weight, *first, *second;
  };
  Row row(int64_t index);
  void replay(const std::vector<int64_t>& rows);

  at::Tensor weight_VD_, first_VD_, second_VD_;
  std::vector<AdamStep> owed_;   // since all rows were last up to date
  std::vector<int32_t> done_V_;  // how many of them each row has had
};

}  // namespace w2s
