// A decoder with a head, from a Hugging Face folder: forward, backward and saving of one micro-batch at a
// time.
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <string>
#include <vector>

#include "../io/json.h"
#include "../loss/token_readout.h"
#include "../nn/packed.h"
#include "decoder.h"
#include "gradients.h"
#include "head.h"

namespace w2s {

struct ModelOptions {
  std::string folder;
  at::Device device = at::kCPU;
  at::ScalarType compute_dtype = at::kFloat;
  HeadRequest head;
};

/// One micro-batch's forward pass, with what its backward needs.
struct ForwardPass {
  at::Tensor logits_BK;         // float32; carries the graph for a classifier or scalar
  at::Tensor last_hidden_BD;    // carries the graph for a head of answer tokens
  at::Tensor target_hidden_TD;  // carries the graph for a token read-out
  TokenScores scores;
  at::Tensor log_prob_sums_B;
};

struct LanguageModelLoss {
  double loss = 0.0;
  int64_t exact_matches = 0;  // sequences whose every target token was the likeliest
};

class Model {
 public:
  /// Errors: ERR_ARCHITECTURE and ERR_WEIGHTS, naming the field or tensor, before memory is taken.
  explicit Model(const ModelOptions& options);

  /// Logits of each sequence of a micro-batch through the model's own head; in order of the micro-batch.
  ForwardPass forward(const PackedBatch& batch) const;
  /// Adds to `gradients`, of this model's parameters, what d loss / d logits [B, K] gives; `pass` must have been made
  /// with gradients on.
  void backward(const PackedBatch& batch, const ForwardPass& pass, const at::Tensor& d_logits_BK,
                Gradients& gradients) const;

  /// Log-probabilities of the targets by the language model below the head.
  TokenScores score_targets(const PackedBatch& batch) const;
  /// Forward and backward of the summed target log-probabilities times −1/`normaliser`.
  LanguageModelLoss backward_language_model(const PackedBatch& batch, double normaliser,
                                            Gradients& gradients) const;

  /// Whether its batches may share prefixes: the reference pass attends to each sequence apart.
  bool takes_shared_prefixes() const { return false; }
  /// What its head reads of a sequence.
  Reading reading() const { return head_.reads_targets() ? Reading::kTargets : Reading::kLastToken; }
  /// Final hidden states of what the batch reads, [B, D] or [T, D] float32.
  at::Tensor read_hidden(const PackedBatch& batch) const;

  const DecoderConfig& config() const { return decoder_->config(); }
  const Decoder& decoder() const { return *decoder_; }
  /// Of the language model, [V, D]. Errors: ERR_WEIGHTS where the head keeps none.
  const at::Tensor& unembedding() const;
  const at::Device& device() const { return device_; }
  Head& head() { return head_; }
  const Head& head() const { return head_; }
  const std::vector<Parameter>& parameters() const { return parameters_; }
  const Parameter& parameter(const std::string& name) const;
  /// Its place in `parameters`. Errors: ERR_ARGUMENT.
  size_t parameter_index(const std::string& name) const;
  int64_t parameter_count() const;

  /// Writes config.json and model.safetensors as Transformers does. Errors: ERR_DISK.
  void save(const std::string& folder, at::ScalarType dtype) const;

 private:
  Json saved_config(at::ScalarType dtype) const;

  at::Device device_;
  Json source_config_;
  std::unique_ptr<Decoder> decoder_;
  at::Tensor unembedding_VD_;  // undefined where nothing reads it; the token embedding when tied
  Head head_;
  std::vector<Parameter> parameters_;
};

}  // namespace w2s
