#include "parameters.h"

#include "../error.h"

namespace w2s {
namespace {

std::string shape_text(const std::vector<int64_t>& shape) {
  std::string text = "[";
  for (size_t i = 0; i < shape.size(); ++i) text += (i == 0 ? "" : ", ") + std::to_string(shape[i]);
  return text + "]";
}

constexpr const char* kHint =
    "Check that config.json and the weights belong together, or download the folder again.";

// Adds one module's tensors to the list.
class ExpectedList {
 public:
  explicit ExpectedList(bool input_major) : input_major_(input_major) {}

  void embedding(const std::string& name, int64_t rows, int64_t columns) {
    add(name + ".weight", {rows, columns}, ParameterKind::kOther);
  }
  void norm(const std::string& name, int64_t size, NormKind kind) {
    add(name + ".weight", {size}, ParameterKind::kOther);
    if (kind == NormKind::kLayerNorm) add(name + ".bias", {size}, ParameterKind::kOther);
  }
  void linear(const std::string& name, int64_t in, int64_t out, bool bias) {
    add(name + ".weight", input_major_ ? std::vector{in, out} : std::vector{out, in}, ParameterKind::kMatrix);
    if (bias) add(name + ".bias", {out}, ParameterKind::kOther);
  }
  std::vector<ExpectedTensor> take() { return std::move(tensors_); }

 private:
  void add(std::string name, std::vector<int64_t> shape, ParameterKind kind) {
    tensors_.push_back({std::move(name), std::move(shape), kind});
  }
  bool input_major_;
  std::vector<ExpectedTensor> tensors_;
};

void add_block(ExpectedList& list, const DecoderConfig& config, int64_t layer) {
  const TensorNames& names = config.names;
  const auto at_layer = [layer](const std::string& pattern) { return layer_name(pattern, layer); };
  const int64_t query_size = config.heads * config.head_dim;
  const int64_t kv_size = config.kv_heads * config.head_dim;
  list.norm(at_layer(names.attention_norm), config.hidden_size, config.norm);
  if (!names.fused_qkv.empty()) {
    list.linear(at_layer(names.fused_qkv), config.hidden_size, query_size + 2 * kv_size, config.qkv_bias);
  } else {
    list.linear(at_layer(names.query), config.hidden_size, query_size, config.qkv_bias);
    list.linear(at_layer(names.key), config.hidden_size, kv_size, config.qkv_bias);
    list.linear(at_layer(names.value), config.hidden_size, kv_size, config.qkv_bias);
  }
  list.linear(at_layer(names.attention_out), query_size, config.hidden_size, config.attention_out_bias);
  if (config.query_key_norm) {
    list.norm(at_layer(names.query_norm), config.head_dim, config.norm);
    list.norm(at_layer(names.key_norm), config.head_dim, config.norm);
  }
  list.norm(at_layer(names.mlp_norm), config.hidden_size, config.norm);
  if (!names.mlp_gate.empty()) {
    list.linear(at_layer(names.mlp_gate), config.hidden_size, config.mlp_size, config.mlp_bias);
  }
  list.linear(at_layer(names.mlp_up), config.hidden_size, config.mlp_size, config.mlp_bias);
  list.linear(at_layer(names.mlp_down), config.mlp_size, config.hidden_size, config.mlp_bias);
}

bool ends_with(const std::string& text, const std::string& ending) {
  return text.size() >= ending.size() &&
         text.compare(text.size() - ending.size(), ending.size(), ending) == 0;
}

// Integer weights belong to a quantised model, whose scales would be lost.
void check_number_type(const TensorEntry& found) {
  if (at::isFloatingType(found.dtype)) return;
  fail("ERR_WEIGHTS",
       "Expected float32, float16 or bfloat16 for tensor '" + found.name + "' but received " +
           c10::toString(found.dtype) + ".",
       "Use the model's unquantised weights.");
}

void check_entry(const TensorEntry& found, const std::vector<int64_t>& shape) {
  if (found.shape != shape) {
    fail("ERR_WEIGHTS",
         "Expected shape " + shape_text(shape) + " for tensor '" + found.name + "' but received " +
             shape_text(found.shape) + ".",
         kHint);
  }
  check_number_type(found);
}

// Buffers that older Transformers releases saved with the weights; they hold nothing that was learned.
bool known_buffer(const std::string& name) {
  return ends_with(name, ".attn.bias") || ends_with(name, ".attn.masked_bias") ||
         ends_with(name, "rotary_emb.inv_freq");
}

}  // namespace

std::string layer_name(const std::string& pattern, int64_t layer) {
  std::string name = pattern;
  name.replace(name.find("{}"), 2, std::to_string(layer));
  return name;
}

std::vector<ExpectedTensor> expected_tensors(const DecoderConfig& config) {
  ExpectedList list(config.input_major_weights);
  list.embedding(config.names.token_embedding, config.vocabulary_size, config.hidden_size);
  if (!config.rotary)
    list.embedding(config.names.position_embedding, config.context_length, config.hidden_size);
  for (int64_t layer = 0; layer < config.layers; ++layer) add_block(list, config, layer);
  list.norm(config.names.final_norm, config.hidden_size, config.norm);
  return list.take();
}

CheckedWeights::CheckedWeights(const WeightFiles& files, const DecoderConfig& config) : files_(files) {
  const std::string& prefix = config.names.base_prefix;
  prefix_ = files.entries().contains(prefix + config.names.token_embedding + ".weight") ? prefix : "";
  std::map<std::string, bool> known;
  for (const ExpectedTensor& expected : expected_tensors(config)) {
    known[prefix_ + expected.name] = true;
    const TensorEntry& found = entry(expected.name);
    check_entry(found, expected.shape);
  }
  for (const auto& [name, found] : files.entries()) check_extra(name, known, config);
}

void CheckedWeights::check_extra(const std::string& name, const std::map<std::string, bool>& known,
                                 const DecoderConfig& config) {
  if (known.contains(name) || known_buffer(name)) return;
  const TensorEntry& found = files_.entries().at(name);
  if (name == kUnembedding) {
    check_entry(found, {config.vocabulary_size, config.hidden_size});
    unembedding_ = true;
    return;
  }
  if (name == kScore) {
    if (found.shape.size() != 2 || found.shape[0] < 1 || found.shape[1] != config.hidden_size) {
      fail("ERR_WEIGHTS",
           "Expected shape [labels, " + std::to_string(config.hidden_size) + "] for tensor '" + name +
               "' but received " + shape_text(found.shape) + ".",
           kHint);
    }
    check_number_type(found);
    score_ = true;
    return;
  }
  fail("ERR_WEIGHTS", "Expected no tensor '" + name + "' for a " + config.family + " model.", kHint);
}

const TensorEntry& CheckedWeights::entry(const std::string& name) const {
  const auto found = files_.entries().find(prefix_ + name);
  if (found == files_.entries().end()) {
    fail("ERR_WEIGHTS", "Expected a tensor '" + prefix_ + name + "' but the folder has none.", kHint);
  }
  return found->second;
}

at::Tensor CheckedWeights::read(const std::string& name, const at::Device& device) const {
  const bool outside_base = name == kUnembedding || name == kScore;
  return files_.read(outside_base ? name : prefix_ + name, at::kFloat, device);
}

}  // namespace w2s
