// One kernel with its inputs by name, and what it made of them. Knows no JavaScript.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "../kernels/kernels.h"

namespace w2s {

using TensorsByName = std::map<std::string, at::Tensor>;

struct KernelRequest {
  std::string kernel;
  std::shared_ptr<const Kernels> kernels;
  at::Device device = at::kCPU;
  at::ScalarType dtype = at::kFloat;
  TensorsByName inputs;  // float32, on the CPU
  std::vector<int32_t> targets;
  AttentionLayout layout;
  int64_t window = 0;
  double scale = 1.0, epsilon = 1e-5, alpha = 0.0;
  Activation activation = Activation::kSilu;
  NormKind norm = NormKind::kRmsNorm;
  Threshold threshold;
  bool inverse = false, log_probabilities = false;
  int64_t chunk_rows = 0;
  int64_t repetitions = 1;
};

struct KernelResult {
  TensorsByName outputs;                                 // float32, on the CPU
  double forward_seconds = 0.0, backward_seconds = 0.0;  // of one repetition
};

/// Runs the kernel, and its backward where the inputs have a gradient for it. Names of inputs and outputs:
/// `KernelRun` in src/native/binding.ts. Errors: ERR_ARGUMENT for an input that is missing.
KernelResult run_kernel(const KernelRequest& request);

}  // namespace w2s
