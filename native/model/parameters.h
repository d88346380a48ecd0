// The parameters of a model: named float32 masters with gradients of their own.
#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <string>
#include <vector>

#include "../io/safetensors.h"
#include "config.h"

namespace w2s {

enum class ParameterKind {
  kMatrix,  // a weight matrix inside a block
  kOther,   // embeddings, norms, biases
  kHead,
};

struct Parameter {
  std::string name;  // as Transformers names it, base prefix included
  at::Tensor tensor;
  ParameterKind kind;
};

/// What a folder must hold for a decoder: names below the base prefix and shapes, in order.
struct ExpectedTensor {
  std::string name;
  std::vector<int64_t> shape;
  ParameterKind kind;
};

std::vector<ExpectedTensor> expected_tensors(const DecoderConfig& config);

/// A name with its layer filled in.
std::string layer_name(const std::string& pattern, int64_t layer);

/// Tensors of a folder by their names below the base prefix, checked against what is expected before any is
/// read.
class CheckedWeights {
 public:
  /// Throws ERR_WEIGHTS naming the tensor that is missing, unexpected or of another shape.
  CheckedWeights(const WeightFiles& files, const DecoderConfig& config);

  at::Tensor read(const std::string& name, const at::Device& device) const;
  bool has_unembedding() const { return unembedding_; }
  bool has_score() const { return score_; }

 private:
  const TensorEntry& entry(const std::string& name) const;
  void check_extra(const std::string& name, const std::map<std::string, bool>& known,
                   const DecoderConfig& config);

  const WeightFiles& files_;
  std::string prefix_;  // what the folder really uses: the family's prefix or none
  bool unembedding_ = false;
  bool score_ = false;
};

inline constexpr const char* kUnembedding = "lm_head.weight";
inline constexpr const char* kScore = "score.weight";
inline constexpr const char* kLikelihoodScale = "likelihood.scale";
inline constexpr const char* kLikelihoodBias = "likelihood.bias";

}  // namespace w2s
