#include "rope.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/pow.h>
#include <ATen/ops/where.h>

#include <numbers>

namespace w2s {
namespace {

// Llama 3.1: long wavelengths are stretched by `factor`, short ones kept, those between blended.
at::Tensor stretch_llama3(const at::Tensor& inverse, const RopeConfig& config) {
  const at::Tensor wavelength = inverse.reciprocal() * (2.0 * std::numbers::pi);
  const double long_from = config.original_context / config.low_freq_factor;
  const double short_to = config.original_context / config.high_freq_factor;
  const at::Tensor stretched = at::where(wavelength.gt(long_from), inverse / config.factor, inverse);
  const at::Tensor blend = (wavelength.reciprocal() * config.original_context - config.low_freq_factor) /
                           (config.high_freq_factor - config.low_freq_factor);
  const at::Tensor blended = (1 - blend) * stretched / config.factor + blend * stretched;
  const at::Tensor between = wavelength.ge(short_to).logical_and(wavelength.le(long_from));
  return at::where(between, blended, stretched);
}

}  // namespace

RopeTable::RopeTable(const RopeConfig& config, int64_t head_dim, const at::Device& device) {
  // In float32 step by step, as the reference computes it: the table is part of the model.
  const at::Tensor exponents = at::arange(0, head_dim, 2, at::kFloat) / static_cast<double>(head_dim);
  at::Tensor inverse = at::pow(config.theta, exponents).reciprocal();
  if (config.kind == RopeKind::kLinear) inverse = inverse / config.factor;
  if (config.kind == RopeKind::kLlama3) inverse = stretch_llama3(inverse, config);
  inverse_frequencies_ = inverse.to(device);
}

RopeRows RopeTable::rows(const at::Tensor& positions_N) const {
  const at::Tensor angles_NE2 = positions_N.to(at::kFloat).unsqueeze(1) * inverse_frequencies_.unsqueeze(0);
  const at::Tensor angles_N1E = at::cat({angles_NE2, angles_NE2}, 1).unsqueeze(1);
  return {angles_N1E.cos(), angles_N1E.sin()};
}

void RopeTable::halves(const at::Tensor& positions_N, at::Tensor& cos_NE2, at::Tensor& sin_NE2) const {
  const at::Tensor angles_NE2 = positions_N.to(at::kFloat).unsqueeze(1) * inverse_frequencies_.unsqueeze(0);
  cos_NE2 = angles_NE2.cos();
  sin_NE2 = angles_NE2.sin();
}

at::Tensor rotate(const at::Tensor& x_NHE, const RopeRows& rows) {
  const at::Tensor x = x_NHE.to(at::kFloat);
  const int64_t half = x.size(2) / 2;
  const at::Tensor turned = at::cat({x.narrow(2, half, half).neg(), x.narrow(2, 0, half)}, 2);
  return (x * rows.cos_N1E + turned * rows.sin_N1E).to(x_NHE.scalar_type());
}

}  // namespace w2s
