#include "lazy_rows.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "../simd.h"

namespace w2s {
namespace {

constexpr float kBeta1 = kAdamBeta1, kBeta2 = kAdamBeta2, kEpsilon = kAdamEpsilon;
// A first moment below it moves a weight by less than lr · 1e-12 ever after, and soon would be subnormal, which
// many processors reckon with very slowly.
constexpr float kNothing = 1e-20F;
// Rows for one thread at least.
constexpr int64_t kRowsEach = 16;

// `count` steps of one row without a gradient.
W2S_SIMD void coast(float* __restrict__ weight_D, float* __restrict__ first_D, float* __restrict__ second_D,
                    int64_t columns, const AdamStep* steps, int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    const float decay = steps[i].decay, size = steps[i].size, root = steps[i].root;
    for (int64_t d = 0; d < columns; ++d) {
      const float first = first_D[d] * kBeta1;
      first_D[d] = std::abs(first) < kNothing ? 0.0F : first;
      second_D[d] *= kBeta2;
      weight_D[d] = decay * weight_D[d] - size * (first_D[d] / (root * std::sqrt(second_D[d]) + kEpsilon));
    }
  }
}

// One step of one row with its gradient.
W2S_SIMD void push(float* __restrict__ weight_D, float* __restrict__ first_D, float* __restrict__ second_D,
                   const float* __restrict__ gradient_D, int64_t columns, AdamStep step, float divisor) {
  for (int64_t d = 0; d < columns; ++d) {
    const float gradient = gradient_D[d] / divisor;
    first_D[d] += (gradient - first_D[d]) * (1.0F - kBeta1);
    second_D[d] = second_D[d] * kBeta2 + gradient * gradient * (1.0F - kBeta2);
    weight_D[d] =
        step.decay * weight_D[d] - step.size * (first_D[d] / (step.root * std::sqrt(second_D[d]) + kEpsilon));
  }
}

bool all_zero(const float* values_D, int64_t columns) {
  return std::all_of(values_D, values_D + columns, [](float value) { return value == 0.0F; });
}

// `count` multiplications of a row, one after the other.
W2S_SIMD void shrink(float* values_D, int64_t columns, const float* factors, int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    const float factor = factors[i];
    for (int64_t d = 0; d < columns; ++d) values_D[d] *= factor;
  }
}

}  // namespace

AdamStep::AdamStep(double lr, double weight_decay, int64_t t)
    : decay(static_cast<float>(1.0 - lr * weight_decay)),
      size(static_cast<float>(lr / (1.0 - std::pow(kAdamBeta1, static_cast<double>(t))))),
      root(static_cast<float>(1.0 / std::sqrt(1.0 - std::pow(kAdamBeta2, static_cast<double>(t))))) {}

LazyRows::LazyRows(at::Tensor weight_VD, at::Tensor first_VD, at::Tensor second_VD)
    : weight_VD_(std::move(weight_VD)),
      first_VD_(std::move(first_VD)),
      second_VD_(std::move(second_VD)),
      done_V_(weight_VD_.size(0), 0) {}

LazyRows::Row LazyRows::row(int64_t index) {
  const int64_t offset = index * weight_VD_.size(1);
  return {weight_VD_.mutable_data_ptr<float>() + offset, first_VD_.mutable_data_ptr<float>() + offset,
          second_VD_.mutable_data_ptr<float>() + offset};
}

void LazyRows::catch_up(std::span<const int64_t> rows) {
  std::vector<int64_t> behind;
  for (const int64_t index : rows) {
    if (done_V_[index] < static_cast<int32_t>(owed_.size())) behind.push_back(index);
  }
  std::ranges::sort(behind);
  behind.erase(std::unique(behind.begin(), behind.end()), behind.end());
  replay(behind);
}

void LazyRows::catch_up_all() {
  if (owed_.empty()) return;
  std::vector<int64_t> all(done_V_.size());
  std::iota(all.begin(), all.end(), 0);
  replay(all);
  owed_.clear();
  std::ranges::fill(done_V_, 0);
}

// `rows` differ.
void LazyRows::replay(const std::vector<int64_t>& rows) {
  if (rows.empty()) return;
  const int64_t columns = weight_VD_.size(1);
  const auto end = static_cast<int32_t>(owed_.size());
  const std::vector<float> beta2(owed_.size(), kBeta2);
  std::vector<float> decays;
  for (const AdamStep& step : owed_) decays.push_back(step.decay);
  const bool decay = std::ranges::any_of(decays, [](float factor) { return factor != 1.0F; });
  at::parallel_for(0, static_cast<int64_t>(rows.size()), kRowsEach, [&](int64_t first, int64_t last) {
    for (int64_t i = first; i < last; ++i) {
      const Row own = row(rows[i]);
      const int32_t done = std::exchange(done_V_[rows[i]], end), count = end - done;
      if (!all_zero(own.first, columns)) {
        coast(own.weight, own.first, own.second, columns, owed_.data() + done, count);
        continue;
      }
      // The same bits, for less: most rows of a vocabulary are never met.
      if (!all_zero(own.second, columns)) shrink(own.second, columns, beta2.data(), count);
      if (decay) shrink(own.weight, columns, decays.data() + done, count);
    }
  });
}

void LazyRows::step(const AdamStep& now, const Gradients::Rows& gradients, float divisor) {
  const std::span<const int64_t> rows(gradients.rows_U.const_data_ptr<int64_t>(), gradients.rows_U.numel());
  catch_up(rows);
  owed_.push_back(now);
  const int64_t columns = weight_VD_.size(1);
  const float* values = gradients.values_UD.const_data_ptr<float>();
  at::parallel_for(0, static_cast<int64_t>(rows.size()), kRowsEach, [&](int64_t first, int64_t last) {
    for (int64_t i = first; i < last; ++i) {
      const Row own = row(rows[i]);
      push(own.weight, own.first, own.second, values + i * columns, columns, now, divisor);
      done_V_[rows[i]] = static_cast<int32_t>(owed_.size());
    }
  });
}

}  // namespace w2s
