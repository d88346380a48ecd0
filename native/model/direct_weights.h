// A decoder's weights as its hand-written pass reads them: in the compute dtype, cast once after each change, with
// query, key and value, and gate and up, joined into one matrix without a copy (FlatLayout).
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "../kernels/kernels.h"
#include "config.h"
#include "flat.h"
#include "parameters.h"

namespace w2s {

struct DirectLinear {
  at::Tensor weight_IO;  // [in, out], a view, whichever way it lies
  at::Tensor bias_O;     // undefined: none
  /// Places of the joined weights and biases in the list of parameters.
  std::vector<size_t> weights, biases;
  bool input_major = false;

  int64_t out() const { return weight_IO.size(1); }
};

struct DirectNorm {
  NormWeights weights;
  size_t weight = 0, bias = 0;  // places in the list of parameters; no bias in RMSNorm
};

struct DirectBlock {
  DirectNorm attention_norm;
  DirectLinear qkv;  // columns of queries, then keys, then values
  DirectNorm query_norm, key_norm;
  DirectLinear attention_out;
  DirectNorm mlp_norm;
  DirectLinear mlp_in;  // up; or gate, then up
  DirectLinear mlp_down;
};

class DirectWeights {
 public:
  /// `flat` holds the parameters' float32 masters as `layout` says.
  DirectWeights(const DecoderConfig& config, const std::vector<Parameter>& parameters, const at::Tensor& flat,
                const FlatLayout& layout, at::ScalarType compute_dtype);

  /// Casts the masters anew.
  void refresh();
  const std::vector<DirectBlock>& blocks() const { return blocks_; }
  const DirectNorm& final_norm() const { return final_norm_; }

 private:
  at::Tensor masters_;  // what is cast
  at::Tensor cast_;     // the same tensor in float32
  std::vector<DirectBlock> blocks_;
  DirectNorm final_norm_;
};

}  // namespace w2s
