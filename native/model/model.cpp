#include "model.h"

#include <ATen/core/grad_mode.h>

#include <algorithm>

#include "../error.h"
#include "../io/files.h"
#include "family.h"

namespace w2s {
namespace {

constexpr std::size_t kMostConfigBytes = 16 << 20;

// A field of config.json is one token id or, in newer folders, a list of them.
bool names_token(const Json* field, int64_t id) {
  if (field == nullptr) return false;
  if (field->is_int()) return field->as_int() == id;
  if (!field->is_array()) return false;
  return std::ranges::any_of(field->items(),
                             [id](const Json& item) { return item.is_int() && item.as_int() == id; });
}

// The likelihood head saves its two numbers in config.json, where Transformers keeps what it does not know.
constexpr const char* kLikelihoodField = "w2s_likelihood";

}  // namespace

Model::Model(const ModelOptions& options)
    : device_(options.device),
      uploads_(UploadTarget::with_stream(device_)),
      reference_(options.reference),
      profile_(std::make_unique<Profile>()) {
  source_config_ =
      parse_json(read_text_file(options.folder + "/config.json", kMostConfigBytes), "config.json");
  DecoderConfig config = read_decoder_config(source_config_);
  const WeightFiles files = WeightFiles::open_folder(options.folder);
  const CheckedWeights weights(files, config);
  decoder_ =
      std::make_unique<Decoder>(std::move(config), weights, device_, options.compute_dtype, reference_);
  kernels_ = options.kernels;
  if (!kernels_) kernels_ = device_.is_cpu() ? cpu_kernels() : plain_kernels();
  direct_ = std::make_unique<DirectPass>(*decoder_, kernels_, profile_.get());
  parameters_ = decoder_->parameters();

  if (decoder_->config().tied_embeddings) {
    unembedding_VD_ = decoder_->token_embedding();
  } else if (weights.has_unembedding()) {
    unembedding_VD_ = weights.read(kUnembedding, device_);
  }
  head_ = Head(options.head, weights, unembedding_VD_, decoder_->config().hidden_size,
               decoder_->config().vocabulary_size, device_);
  if (head_.reads_unembedding()) {
    if (!decoder_->config().tied_embeddings && unembedding_VD_.defined()) {
      parameters_.push_back({kUnembedding, unembedding_VD_, ParameterKind::kOther});
    }
    unembedding();  // says so now when the folder has none
  } else if (!decoder_->config().tied_embeddings) {
    unembedding_VD_ = at::Tensor();
  }
  if (const Json* saved = source_config_.find(kLikelihoodField);
      saved && head_.kind() == HeadKind::kLikelihood) {
    const Json* scale = saved->find("scale");
    const Json* bias = saved->find("bias");
    if (scale && bias) head_.take_likelihood({scale->as_double("scale"), bias->as_double("bias")});
  }
  for (Parameter& parameter : head_.parameters()) parameters_.push_back(std::move(parameter));
}

const at::Tensor& Model::unembedding() const {
  if (!unembedding_VD_.defined()) {
    fail("ERR_WEIGHTS", "Expected a tensor 'lm_head.weight' for a language model but the folder has none.",
         "Use a causal language model, or read it with a classifier: --head linear");
  }
  return unembedding_VD_;
}

const Parameter& Model::parameter(const std::string& name) const {
  return parameters_[parameter_index(name)];
}

size_t Model::parameter_index(const std::string& name) const {
  for (size_t i = 0; i < parameters_.size(); ++i) {
    if (parameters_[i].name == name) return i;
  }
  fail("ERR_ARGUMENT", "Expected the name of a parameter but received '" + name + "'.");
}

int64_t Model::parameter_count() const {
  int64_t count = 0;
  for (const Parameter& parameter : parameters_) count += parameter.tensor.numel();
  return count;
}

void Model::before_read(const void* trainer, std::function<void()> catch_up) {
  std::erase_if(behind_, [trainer](const auto& entry) { return entry.first == trainer; });
  if (catch_up) behind_.emplace_back(trainer, std::move(catch_up));
}

void Model::bring_up_to_date(const void* but) const {
  for (const auto& [trainer, catch_up] : behind_) {
    if (trainer != but) catch_up();
  }
}

void Model::save(const std::string& folder, at::ScalarType dtype) const {
  const at::NoGradGuard no_grad;
  bring_up_to_date();
  NamedTensors tensors;
  for (const Parameter& parameter : parameters_) {
    if (parameter.kind == ParameterKind::kHead && head_.kind() == HeadKind::kLikelihood) continue;
    tensors.emplace_back(parameter.name, parameter.tensor.detach().to(at::kCPU, dtype).contiguous());
  }
  write_safetensors(folder + "/model.safetensors", tensors);
  write_text_file_atomically(folder + "/config.json", saved_config(dtype).dump(2) + "\n");
}

Json Model::saved_config(at::ScalarType dtype) const {
  Json config = source_config_;
  const char* name = dtype == at::kBFloat16 ? "bfloat16" : "float32";
  config.set("dtype", name);
  if (config.find("torch_dtype") != nullptr) config.set("torch_dtype", name);
  const bool classifies = !head_.reads_unembedding();
  const std::string suffix = classifies ? "ForSequenceClassification" : decoder_->config().causal_suffix;
  config.set("architectures", Json::array({Json(decoder_->config().class_prefix + suffix)}));
  config.erase(kLikelihoodField);
  if (head_.kind() == HeadKind::kLikelihood) {
    const Likelihood likelihood = head_.likelihood();
    config.set(kLikelihoodField, Json::object({{"scale", likelihood.scale}, {"bias", likelihood.bias}}));
  }
  if (!classifies) return config;

  const Json* names = config.find("id2label");
  if (names == nullptr || !names->is_object() ||
      static_cast<int64_t>(names->members().size()) != head_.outputs()) {
    Json id2label = Json::object(), label2id = Json::object();
    for (int64_t label = 0; label < head_.outputs(); ++label) {
      id2label.set(std::to_string(label), "LABEL_" + std::to_string(label));
      label2id.set("LABEL_" + std::to_string(label), label);
    }
    config.set("id2label", id2label);
    config.set("label2id", label2id);
  }
  // Transformers reads a classifier at the last token that is not padding. A padding token that can end a
  // text (the end-of-text token, most often) would move that place, so such a setting is not carried over.
  const Json* pad = config.find("pad_token_id");
  if (pad == nullptr || !pad->is_int()) return config;
  const int64_t id = pad->as_int();
  if (names_token(config.find("eos_token_id"), id) || names_token(config.find("bos_token_id"), id)) {
    config.set("pad_token_id", Json());
  }
  return config;
}

}  // namespace w2s
