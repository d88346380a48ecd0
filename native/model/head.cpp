#include "head.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/full.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include <set>

#include "../error.h"

namespace w2s {
namespace {

void check_tokens(const std::vector<int32_t>& tokens, int64_t vocabulary_size) {
  for (const int32_t token : tokens) {
    if (token >= 0 && token < vocabulary_size) continue;
    fail("ERR_ARGUMENT",
         "Expected head tokens inside the vocabulary but received " + std::to_string(token) + ".");
  }
}

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
  check_tokens(request.tokens, unembedding_VD.size(0));
  for (int64_t label = 0; label < labels; ++label)
    score_KD.select(0, label).copy_(unembedding_VD.select(0, request.tokens[label]));
  return score_KD;
}

at::Tensor answer_tokens(const std::vector<int32_t>& tokens, int64_t vocabulary_size,
                         const at::Device& device) {
  check_tokens(tokens, vocabulary_size);
  const std::set<int32_t> different(tokens.begin(), tokens.end());
  if (tokens.size() < 2 || different.size() != tokens.size()) {
    fail("ERR_ARGUMENT",
         "Expected a head token for each of at least two classes, all different, for a head of answer tokens "
         "but received " +
             std::to_string(tokens.size()) + ", " + std::to_string(different.size()) + " different.",
         "Give two or more token ids: headTokens: Int32Array.of(a, b)");
  }
  return at::tensor(std::vector<int64_t>(tokens.begin(), tokens.end()), at::kLong).to(device);
}

}  // namespace

Head::Head(const HeadRequest& request, const CheckedWeights& weights, const at::Tensor& unembedding_VD,
           int64_t hidden_size, int64_t vocabulary_size, const at::Device& device)
    : kind_(request.kind) {
  if (kind_ == HeadKind::kLm) return;
  if (kind_ == HeadKind::kLikelihood) {
    const auto options = at::TensorOptions().dtype(at::kFloat).device(device);
    scale_ = at::full({1}, 1.0, options);
    bias_ = at::zeros({1}, options);
    return;
  }
  if (kind_ == HeadKind::kTokens) {
    vocabulary_ = request.vocabulary;
    tokens_K_ = answer_tokens(request.tokens, vocabulary_size, device);
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
    case HeadKind::kTokens:
      return tokens_K_.size(0);
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
  if (kind_ == HeadKind::kLm || kind_ == HeadKind::kTokens) return {};
  if (kind_ != HeadKind::kLikelihood) return {{kScore, score_KD_, ParameterKind::kHead}};
  return {{kLikelihoodScale, scale_, ParameterKind::kHead}, {kLikelihoodBias, bias_, ParameterKind::kHead}};
}

}  // namespace w2s
