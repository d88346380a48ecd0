// What is read from a sequence: a linear map of its last token's hidden state, the language model's logits of
// a few answer tokens after it, or the likelihood of its targets.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "../loss/answer_readout.h"
#include "parameters.h"

namespace w2s {

enum class HeadKind { kLm, kClassifier, kScalar, kLikelihood, kTokens };

struct HeadRequest {
  HeadKind kind = HeadKind::kLm;
  int64_t labels = 2;
  /// Rows of the unembedding that a fresh classifier starts from (empty: zeros), or the answer tokens [K] of a
  /// tokens head.
  std::vector<int32_t> tokens;
  AnswerVocabulary vocabulary = AnswerVocabulary::kRestricted;
};

/// Affine map of a log-probability, z = scale · log p + bias; its logits are [0, z].
struct Likelihood {
  double scale = 1.0;
  double bias = 0.0;
};

class Head {
 public:
  Head() = default;
  /// Takes `score.weight` where the folder brings it for this head, else starts fresh.
  Head(const HeadRequest& request, const CheckedWeights& weights, const at::Tensor& unembedding_VD,
       int64_t hidden_size, int64_t vocabulary_size, const at::Device& device);

  HeadKind kind() const { return kind_; }
  /// K: logits a sequence; 0 for a language model.
  int64_t outputs() const;
  bool from_folder() const { return from_folder_; }
  /// Whether it reads each sequence's target tokens instead of its last hidden state.
  bool reads_targets() const { return kind_ == HeadKind::kLm || kind_ == HeadKind::kLikelihood; }
  /// Whether it reads, and trains, the language model's unembedding.
  bool reads_unembedding() const { return reads_targets() || kind_ == HeadKind::kTokens; }
  /// Whether it gives a sequence one number, so that several sequences can be held against one another.
  bool scores_sequences() const { return kind_ == HeadKind::kScalar || kind_ == HeadKind::kLikelihood; }
  /// Whether its logits are log-probabilities among more than its K outputs.
  bool gives_log_probabilities() const {
    return kind_ == HeadKind::kTokens && vocabulary_ == AnswerVocabulary::kFull;
  }

  const at::Tensor& score_KD() const { return score_KD_; }
  const at::Tensor& tokens_K() const { return tokens_K_; }
  AnswerVocabulary vocabulary() const { return vocabulary_; }
  const at::Tensor& scale() const { return scale_; }
  const at::Tensor& bias() const { return bias_; }
  Likelihood likelihood() const;
  void set_likelihood(const Likelihood& likelihood);
  /// The same for one that the folder brings.
  void take_likelihood(const Likelihood& likelihood);

  std::vector<Parameter> parameters() const;

 private:
  HeadKind kind_ = HeadKind::kLm;
  bool from_folder_ = false;
  at::Tensor score_KD_;
  at::Tensor tokens_K_;  // int64
  AnswerVocabulary vocabulary_ = AnswerVocabulary::kRestricted;
  at::Tensor scale_;  // [1]
  at::Tensor bias_;   // [1]
};

}  // namespace w2s
