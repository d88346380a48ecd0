#include "next_token.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/PhiloxRNGEngine.h>
#include <ATen/ops/argmax.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/cumsum.h>
#include <ATen/ops/full_like.h>
#include <ATen/ops/isfinite.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/sort.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/topk.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "../error.h"
#include "../loss/token_readout.h"

namespace w2s {
namespace {

// Probabilities are summed as multiples of this. Sums of integers are the same in any order, so that they rise,
// a GPU gives the same ones each time, and ATen's deterministic mode, which refuses to sum fractions there,
// allows them.
constexpr double kUnit = 0x1p-52;

// Index of the first entry of each row whose running sum exceeds u times the row's total, [C, 1]. Entries of
// no probability do not raise the sum and are never it.
at::Tensor invert(const at::Tensor& units_CV, const at::Tensor& uniforms_C1) {
  const at::Tensor sums_CV = at::cumsum(units_CV, 1);
  const at::Tensor wanted_C1 = sums_CV.narrow(1, sums_CV.size(1) - 1, 1) * uniforms_C1;
  return sums_CV.le(wanted_C1).sum(1, /*keepdim=*/true);
}

// In float64: a large vocabulary has probabilities that float32 would lose beside their sum.
at::Tensor sample(const at::Tensor& log_probs_CV, const SamplingOptions& options,
                  const at::Tensor& uniforms_C1) {
  at::Tensor below_best_CV = log_probs_CV.to(at::kDouble);
  below_best_CV.sub_(below_best_CV.amax(1, /*keepdim=*/true)).div_(options.temperature);
  const at::Tensor units_CV = at::softmax(below_best_CV, 1).div_(kUnit).to(at::kLong);
  if (options.top_p >= 1.0) return invert(units_CV, uniforms_C1).squeeze(1);
  const auto [sorted_CV, order_CV] = at::sort(units_CV, /*stable=*/true, /*dim=*/1, /*descending=*/true);
  // The nucleus is the shortest run of the likeliest tokens that reaches top_p: a token is in it when those
  // before it have not.
  const at::Tensor before_CV = at::cumsum(sorted_CV, 1).sub_(sorted_CV);
  // As an integer, which that many units are below exactly where they are below the fraction: beside a fraction
  // ATen would compare in float32.
  const auto reached = static_cast<int64_t>(std::ceil(options.top_p / kUnit));
  const at::Tensor nucleus_CV = sorted_CV * before_CV.lt(reached);
  return order_CV.gather(1, invert(nucleus_CV, uniforms_C1)).squeeze(1);
}

at::Tensor margins(const at::Tensor& log_probs_CV) {
  if (log_probs_CV.size(1) == 1) {
    return at::full_like(log_probs_CV.squeeze(1), std::numeric_limits<float>::infinity());
  }
  const at::Tensor best_C2 = std::get<0>(at::topk(log_probs_CV, 2, 1));
  return best_C2.select(1, 0) - best_C2.select(1, 1);
}

at::Tensor uniforms(const SamplingOptions& options, const std::vector<Draw>& draws_R,
                    const at::Device& device) {
  std::vector<double> numbers;
  for (const Draw& draw : draws_R) numbers.push_back(uniform_number(options.seed, draw));
  return at::tensor(numbers, at::kDouble).to(device).unsqueeze(1);
}

}  // namespace

double uniform_number(uint64_t seed, const Draw& draw) {
  const uint64_t continuation = (static_cast<uint64_t>(draw.prompt) << 32) | draw.sample;
  at::Philox4_32 engine(seed, continuation, draw.step);
  const uint64_t high = engine(), low = engine();
  // 50 bits, in the middle of their interval: times any total it stays below it after rounding.
  const uint64_t bits = ((high << 32) | low) >> 14;
  return (static_cast<double>(bits) + 0.5) * 0x1p-50;
}

NextTokens next_tokens(const at::Tensor& hidden_RD, const at::Tensor& unembedding_VD,
                       const SamplingOptions& options, const std::vector<Draw>& draws_R,
                       const std::vector<int32_t>& forbidden) {
  const int64_t rows = hidden_RD.size(0);
  const bool greedy = options.temperature == 0.0;
  const at::Tensor uniforms_R1 = greedy ? at::Tensor() : uniforms(options, draws_R, hidden_RD.device());
  const at::Tensor forbidden_F = at::tensor(forbidden, at::kLong).to(hidden_RD.device());
  std::vector<at::Tensor> tokens, log_probs, distances;
  const int64_t step = readout_chunk_rows(unembedding_VD);
  for (int64_t row = 0; row < rows; row += step) {
    const int64_t count = std::min(step, rows - row);
    const at::Tensor log_probs_CV =
        at::log_softmax(at::mm(hidden_RD.narrow(0, row, count), unembedding_VD.t()), 1);
    const at::Tensor allowed_CV =
        forbidden.empty() ? log_probs_CV
                          : log_probs_CV.index_fill(1, forbidden_F, -std::numeric_limits<float>::infinity());
    tokens.push_back(greedy ? at::argmax(allowed_CV, 1)
                            : sample(allowed_CV, options, uniforms_R1.narrow(0, row, count)));
    // A row with one NaN is all NaN after the softmax, and its token may be no index.
    tokens.back().clamp_(0, log_probs_CV.size(1) - 1);
    log_probs.push_back(log_probs_CV.gather(1, tokens.back().unsqueeze(1)).squeeze(1));
    distances.push_back(margins(log_probs_CV));
  }
  NextTokens next;
  next.tokens_R = at::cat(tokens);
  next.host_tokens_R = next.tokens_R.to(at::kCPU);
  next.log_probs_R = at::cat(log_probs).to(at::kCPU);
  next.margins_R = at::cat(distances).to(at::kCPU);
  if (!at::isfinite(next.log_probs_R).all().item<bool>()) {
    fail("ERR_NOT_FINITE", "The model's logits are not finite.", "Load weights from before they diverged.");
  }
  return next;
}

}  // namespace w2s
