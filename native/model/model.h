// A decoder with a head, from a Hugging Face folder: forward, backward and saving of one micro-batch at a
// time.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "../io/json.h"
#include "../loss/token_readout.h"
#include "../nn/packed.h"
#include "../nn/product.h"
#include "decoder.h"
#include "direct_pass.h"
#include "gradients.h"
#include "head.h"

namespace w2s {

struct ModelOptions {
  std::string folder;
  at::Device device = at::kCPU;
  at::ScalarType compute_dtype = at::kFloat;
  HeadRequest head;
  /// What the pass consists of besides products; null: our loops on the CPU, plain ones elsewhere.
  std::shared_ptr<const Kernels> kernels;
  /// Run the decoder by autograd instead, as the tests' reference.
  bool reference = false;
};

/// What a forward pass is for: a backward needs its tape.
enum class Purpose { kScoring, kTraining };

/// One micro-batch's forward pass, with what its backward needs.
struct ForwardPass {
  at::Tensor logits_BK;  // float32
  TokenScores scores;    // of a likelihood head
  at::Tensor log_prob_sums_B;
  at::Tensor hidden;           // float32, what the head reads: [B, D] or [T, D]
  std::shared_ptr<Tape> tape;  // null where no backward follows, and in the reference
  at::Tensor graph_RD;         // of the reference: hidden states with their graph
};

/// On the model's device, which nothing has waited for.
struct LanguageModelLoss {
  at::Tensor loss;           // float64, no dimensions
  at::Tensor exact_matches;  // int64: sequences whose every target token was the likeliest
};

class Model {
 public:
  /// Errors: ERR_ARCHITECTURE and ERR_WEIGHTS, naming the field or tensor, before memory is taken.
  explicit Model(const ModelOptions& options);

  /// Logits of each sequence of a micro-batch through the model's own head; in order of the micro-batch.
  ForwardPass forward(const PackedBatch& batch, Purpose purpose = Purpose::kScoring) const;
  /// Adds to `gradients`, of this model's parameters, what d loss / d logits [B, K] gives; `pass` was made for
  /// training and is used up.
  void backward(const PackedBatch& batch, const ForwardPass& pass, const at::Tensor& d_logits_BK,
                Gradients& gradients) const;

  /// Log-probabilities of the targets by the language model below the head.
  TokenScores score_targets(const PackedBatch& batch) const;
  /// Forward and backward of the summed target log-probabilities times −1/`normaliser`.
  LanguageModelLoss backward_language_model(const PackedBatch& batch, double normaliser,
                                            Gradients& gradients) const;

  /// Whether its batches may share prefixes: the reference pass attends to each sequence apart.
  bool takes_shared_prefixes() const { return !reference_; }
  /// Whether its passes over such batches may be recorded (recorded_work.h), but for weights, which `refresh_weights`
  /// brings up to date before each replay.
  bool takes_recording(const PackedBatch& batch) const {
    return !reference_ && direct_->takes_recording(batch);
  }
  void refresh_weights() { direct_->refresh(); }
  /// To be called after every write to a parameter: copies in the compute dtype are then made anew.
  void weights_changed() { direct_->weights_changed(); }

  /// What the rows of a batch are best rounded up to.
  int64_t row_multiple() const { return product_row_multiple(device_); }
  /// What its head reads of a sequence.
  Reading reading() const { return head_.reads_targets() ? Reading::kTargets : Reading::kLastToken; }
  /// Final hidden states of what the batch reads, [B, D] or [T, D] float32.
  at::Tensor read_hidden(const PackedBatch& batch) const;

  const DecoderConfig& config() const { return decoder_->config(); }
  const Decoder& decoder() const { return *decoder_; }
  /// Of the language model, [V, D]. Errors: ERR_WEIGHTS where the head keeps none.
  const at::Tensor& unembedding() const;
  const at::Device& device() const { return device_; }
  /// Its device, for micro-batches.
  const UploadTarget& uploads() const { return uploads_; }
  const Kernels& kernels() const { return *kernels_; }
  Head& head() { return head_; }
  const Head& head() const { return head_; }
  const std::vector<Parameter>& parameters() const { return parameters_; }
  Profile& profile() const { return *profile_; }
  const Parameter& parameter(const std::string& name) const;
  /// Its place in `parameters`. Errors: ERR_ARGUMENT.
  size_t parameter_index(const std::string& name) const;
  int64_t parameter_count() const;

  /// A trainer may leave weights behind, and is asked here to bring them up to date: before anything but its own
  /// forward pass reads or writes them. An empty `catch_up`: no longer. Job thread only, as all of this class.
  void before_read(const void* trainer, std::function<void()> catch_up);
  /// Asks all trainers but one.
  void bring_up_to_date(const void* but = nullptr) const;

  /// Writes config.json and model.safetensors as Transformers does. Errors: ERR_DISK.
  void save(const std::string& folder, at::ScalarType dtype) const;

 private:
  Json saved_config(at::ScalarType dtype) const;
  ForwardPass read(const PackedBatch& batch, Purpose purpose) const;
  void backward_hidden(const PackedBatch& batch, const ForwardPass& pass, const at::Tensor& d_hidden,
                       Gradients& gradients) const;
  at::Tensor backward_head(const PackedBatch& batch, const ForwardPass& pass, const at::Tensor& d_logits_BK,
                           Gradients& gradients) const;
  at::Tensor backward_answers(const ForwardPass& pass, const at::Tensor& d_logits_BK,
                              Gradients& gradients) const;
  Readout readout() const;
  size_t unembedding_index() const;
  UnembeddingGradient unembedding_gradient(Gradients& gradients) const;

  at::Device device_;
  UploadTarget uploads_;
  Json source_config_;
  bool reference_;
  std::unique_ptr<Profile> profile_;
  std::shared_ptr<const Kernels> kernels_;
  std::unique_ptr<Decoder> decoder_;
  std::unique_ptr<DirectPass> direct_;
  at::Tensor unembedding_VD_;  // undefined where nothing reads it; the token embedding when tied
  Head head_;
  std::vector<Parameter> parameters_;
  std::vector<std::pair<const void*, std::function<void()>>> behind_;
};

}  // namespace w2s
