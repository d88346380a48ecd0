#include "head.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/full.h>
#include <ATen/ops/zeros.h>

#include "../error.h"

namespace w2s {
namespace {

at::Tensor fresh_score(const HeadRequest& request, const at::Tensor& unembedding_VD, int64_t labels,
                       int64_t hidden_size, const at::Device& device) {
  at::Tensor score_KD =
      at::zeros({labels, hidden_size}, at::TensorOptions().dtype(at::kFloat).device(device));
  if (request.tokens.empty()) return score_KD;
  if (static_cast<int64_t>(request.tokens.size()) != labels) {
    fail("ERR_ARGUMENT", "Expected " + std::to_string(labels) + " head tokens but received " +
                             std::to_string(request.tokens.size()) + ".");
  }
  if (!unembedding_VD.defined()) {
    fail("ERR_WEIGHTS",
         "Expected a tensor 'lm_head.weight' for a head of unembedding rows but the folder has none.",
         "Start from zeros: --head linear");
  }
  const at::NoGradGuard no_grad;
  for (int64_t label = 0; label < labels; ++label) {
    const int64_t token = request.tokens[label];
    if (token < 0 || token >= unembedding_VD.size(0)) {
      fail("ERR_ARGUMENT",
           "Expected head tokens inside the vocabulary but received " + std::to_string(token) + ".");
    }
    score_KD.select(0, label).copy_(unembedding_VD.select(0, token));
  }
  return score_KD;
}

}  // namespace

Head::Head(const HeadRequest& request, const CheckedWeights& weights, const at::Tensor& unembedding_VD,
           int64_t hidden_size, const at::Device& device)
    : kind_(request.kind) {
  if (kind_ == HeadKind::kLm) return;
  if (kind_ == HeadKind::kLikelihood) {
    const auto options = at::TensorOptions().dtype(at::kFloat).device(device);
    scale_ = at::full({1}, 1.0, options).set_requires_grad(true);
    bias_ = at::zeros({1}, options).set_requires_grad(true);
    return;
  }
  const int64_t labels = kind_ == HeadKind::kScalar ? 1 : request.labels;
  if (weights.has_score()) {
    score_KD_ = weights.read(kScore, device);
    from_folder_ = true;
    if (score_KD_.size(0) != labels) {
      fail("ERR_WEIGHTS",
           "Expected a head of " + std::to_string(labels) +
               " labels for this data but the folder's tensor 'score.weight' has " +
               std::to_string(score_KD_.size(0)) + ".",
           "Use data with as many classes, or a folder without a head.");
    }
  } else {
    score_KD_ = fresh_score(request, unembedding_VD, labels, hidden_size, device);
  }
  score_KD_.set_requires_grad(true);
}

int64_t Head::outputs() const {
  switch (kind_) {
    case HeadKind::kLm:
      return 0;
    case HeadKind::kScalar:
      return 1;
    case HeadKind::kLikelihood:
      return 2;
    case HeadKind::kClassifier:
      return score_KD_.size(0);
  }
  return 0;
}

Likelihood Head::likelihood() const {
  if (kind_ != HeadKind::kLikelihood) fail("ERR_ARGUMENT", "Expected a likelihood head for this call.");
  return {scale_.item<double>(), bias_.item<double>()};
}

void Head::set_likelihood(const Likelihood& likelihood) {
  if (kind_ != HeadKind::kLikelihood) fail("ERR_ARGUMENT", "Expected a likelihood head for this call.");
  const at::NoGradGuard no_grad;
  scale_.fill_(likelihood.scale);
  bias_.fill_(likelihood.bias);
}

void Head::take_likelihood(const Likelihood& likelihood) {
  set_likelihood(likelihood);
  from_folder_ = true;
}

std::vector<Parameter> Head::parameters() const {
  if (kind_ == HeadKind::kLm) return {};
  if (kind_ != HeadKind::kLikelihood) return {{kScore, score_KD_, ParameterKind::kHead}};
  return {{"likelihood.scale", scale_, ParameterKind::kHead},
          {"likelihood.bias", bias_, ParameterKind::kHead}};
}

}  // namespace w2s
