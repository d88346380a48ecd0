#include "direct_weights.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>

#include <map>
#include <stdexcept>

namespace w2s {
namespace {

// Finds parameters by name and makes views of the cast weights.
class Finder {
 public:
  Finder(const DecoderConfig& config, const std::vector<Parameter>& parameters, const at::Tensor& cast,
         const FlatLayout& layout)
      : config_(config), parameters_(parameters), cast_(cast), layout_(layout) {
    for (size_t i = 0; i < parameters.size(); ++i) places_[parameters[i].name] = i;
  }

  DirectNorm norm(const std::string& name) const {
    DirectNorm result;
    result.weights.kind = config_.norm;
    result.weights.epsilon = config_.norm_epsilon;
    result.weight = place(name + ".weight");
    result.weights.weight_D = view({result.weight});
    if (config_.norm == NormKind::kLayerNorm) {
      result.bias = place(name + ".bias");
      result.weights.bias_D = view({result.bias});
    }
    return result;
  }

  // Several matrices side by side.
  DirectLinear linear(const std::vector<std::string>& names, bool bias) const {
    DirectLinear result;
    result.input_major = config_.input_major_weights;
    if (result.input_major && names.size() > 1)
      throw std::logic_error("input-major matrices cannot be joined without a copy");
    for (const std::string& name : names) {
      result.weights.push_back(place(name + ".weight"));
      if (bias) result.biases.push_back(place(name + ".bias"));
    }
    result.weight_IO = view(result.weights);
    if (!result.input_major) result.weight_IO = result.weight_IO.t();
    if (bias) result.bias_O = view(result.biases);
    return result;
  }

 private:
  size_t place(const std::string& name) const { return places_.at(config_.names.base_prefix + name); }

  // Neighbouring parameters as one.
  at::Tensor view(const std::vector<size_t>& places) const {
    int64_t end = layout_.offsets[places.front()];
    for (const size_t i : places) {
      if (layout_.offsets[i] != end) throw std::logic_error("joined parameters are not neighbours");
      end += parameters_[i].tensor.numel();
    }
    std::vector<int64_t> shape = parameters_[places.front()].tensor.sizes().vec();
    for (size_t i = 1; i < places.size(); ++i) shape[0] += parameters_[places[i]].tensor.size(0);
    return flat_view(cast_, layout_.offsets[places.front()], shape);
  }

  const DecoderConfig& config_;
  const std::vector<Parameter>& parameters_;
  const at::Tensor& cast_;
  const FlatLayout& layout_;
  std::map<std::string, size_t> places_;
};

DirectBlock find_block(const Finder& finder, const DecoderConfig& config, int64_t layer) {
  const TensorNames& names = config.names;
  const auto at_layer = [layer](const std::string& pattern) { return layer_name(pattern, layer); };
  DirectBlock block;
  block.attention_norm = finder.norm(at_layer(names.attention_norm));
  const std::vector<std::string> qkv =
      names.fused_qkv.empty() ? std::vector{at_layer(names.query), at_layer(names.key), at_layer(names.value)}
                              : std::vector{at_layer(names.fused_qkv)};
  block.qkv = finder.linear(qkv, config.qkv_bias);
  if (config.query_key_norm) {
    block.query_norm = finder.norm(at_layer(names.query_norm));
    block.key_norm = finder.norm(at_layer(names.key_norm));
  }
  block.attention_out = finder.linear({at_layer(names.attention_out)}, config.attention_out_bias);
  block.mlp_norm = finder.norm(at_layer(names.mlp_norm));
  std::vector<std::string> in;
  if (!names.mlp_gate.empty()) in.push_back(at_layer(names.mlp_gate));
  in.push_back(at_layer(names.mlp_up));
  block.mlp_in = finder.linear(in, config.mlp_bias);
  block.mlp_down = finder.linear({at_layer(names.mlp_down)}, config.mlp_bias);
  return block;
}

}  // namespace

DirectWeights::DirectWeights(const DecoderConfig& config, const std::vector<Parameter>& parameters,
                             const at::Tensor& flat, const FlatLayout& layout, at::ScalarType compute_dtype)
    : masters_(flat.narrow(0, 0, layout.cast_size)) {
  cast_ = compute_dtype == at::kFloat
              ? masters_
              : at::empty({layout.cast_size}, masters_.options().dtype(compute_dtype));
  const Finder finder(config, parameters, cast_, layout);
  for (int64_t layer = 0; layer < config.layers; ++layer)
    blocks_.push_back(find_block(finder, config, layer));
  final_norm_ = finder.norm(config.names.final_norm);
}

void DirectWeights::refresh() {
  const at::NoGradGuard no_grad;
  if (cast_.scalar_type() != masters_.scalar_type()) cast_.copy_(masters_);
}

}  // namespace w2s
