#include "kernel_request.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <string_view>

#include "../error.h"
#include "../loss/token_readout.h"

namespace w2s {
namespace {

// Inputs on the device in the dtype of their kind, afresh for each repetition: kernels write over some.
class Inputs {
 public:
  explicit Inputs(const KernelRequest& request) : request_(request) {}

  bool has(const char* name) const { return request_.inputs.contains(name); }
  /// An activation or a parameter in the compute dtype; undefined where it is not given.
  at::Tensor optional(const char* name) const {
    return has(name) ? made(name, request_.dtype) : at::Tensor();
  }
  at::Tensor activation(const char* name) const { return needed(name, request_.dtype); }
  at::Tensor floats(const char* name) const { return needed(name, at::kFloat); }
  /// [rows, heads, E] as a part of a longer row, as heads lie in the output of one product.
  at::Tensor heads(const char* name) const {
    const at::Tensor x = activation(name);
    at::Tensor part = at::empty({x.size(0), x.size(1) + 2, x.size(2)}, x.options())
                          .fill_(std::numeric_limits<double>::quiet_NaN())
                          .narrow(1, 1, x.size(1));
    return part.copy_(x);
  }
  at::Tensor zeros(at::IntArrayRef shape) const {
    return at::zeros(shape, at::TensorOptions().dtype(at::kFloat).device(request_.device));
  }
  at::Tensor targets() const {
    const std::vector<int64_t> wide(request_.targets.begin(), request_.targets.end());
    return at::tensor(wide, at::kLong).to(request_.device);
  }

 private:
  at::Tensor needed(const char* name, at::ScalarType dtype) const {
    if (!has(name)) {
      fail("ERR_ARGUMENT", "Expected a tensor '" + std::string(name) + "' for the kernel " + request_.kernel +
                               " but received none.");
    }
    return made(name, dtype);
  }
  at::Tensor made(const char* name, at::ScalarType dtype) const {
    return request_.inputs.at(name).to(request_.device, dtype, /*non_blocking=*/false, /*copy=*/true);
  }

  const KernelRequest& request_;
};

// Seconds of a call, until the device has done it.
double timed(const at::Device& device, const std::function<void()>& call) {
  const auto wait = [&] {
    if (!device.is_cpu()) at::zeros({1}, at::TensorOptions().device(device)).item<float>();
  };
  wait();
  const auto start = std::chrono::steady_clock::now();
  call();
  wait();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// One repetition of one kernel.
struct Run {
  const KernelRequest& request;
  const Kernels& kernels;
  Inputs in;
  KernelResult& result;

  void forward(const std::function<void()>& call) const {
    result.forward_seconds += timed(request.device, call);
  }
  void backward(const std::function<void()>& call) const {
    result.backward_seconds += timed(request.device, call);
  }
  void give(const char* name, const at::Tensor& tensor) const {
    if (tensor.defined()) result.outputs[name] = tensor;
  }
};

void run_attention(const Run& run) {
  const AttentionCall call{run.request.layout, run.request.window, run.request.scale};
  const at::Tensor q = run.in.heads("q"), k = run.in.heads("k"), v = run.in.heads("v");
  Attended attended;
  run.forward([&] { attended = run.kernels.attention(call, q, k, v); });
  run.give("out", attended.out_QD);
  if (!run.in.has("dOut")) return;
  const at::Tensor d_out = run.in.activation("dOut");
  const at::Tensor d_q = run.in.heads("q"), d_k = run.in.heads("k"), d_v = run.in.heads("v");
  run.backward([&] { run.kernels.attention_backward(call, q, k, v, attended, d_out, d_q, d_k, d_v); });
  run.give("dQ", d_q);
  run.give("dK", d_k);
  run.give("dV", d_v);
}

void run_activation(const Run& run) {
  const at::Tensor x = run.in.activation("x"), bias = run.in.optional("bias");
  at::Tensor y;
  run.forward([&] { y = run.kernels.activation(x, bias, run.request.activation); });
  run.give("y", y);
  if (!run.in.has("dY")) return;
  const at::Tensor d_y = run.in.activation("dY");
  const at::Tensor d_bias = bias.defined() ? run.in.zeros({x.size(1)}) : at::Tensor();
  at::Tensor d_x;
  run.backward([&] { d_x = run.kernels.activation_backward(d_y, x, bias, run.request.activation, d_bias); });
  run.give("dX", d_x);
  run.give("dBias", d_bias);
}

void run_gated(const Run& run) {
  const at::Tensor gate_up = run.in.activation("gateUp");
  at::Tensor y, d_gate_up;
  run.forward([&] { y = run.kernels.gated(gate_up, run.request.activation); });
  run.give("y", y);
  if (!run.in.has("dY")) return;
  const at::Tensor d_y = run.in.activation("dY");
  run.backward([&] { d_gate_up = run.kernels.gated_backward(d_y, gate_up, run.request.activation); });
  run.give("dGateUp", d_gate_up);
}

void run_norm(const Run& run) {
  const at::Tensor x = run.in.activation("x"), delta = run.in.optional("delta");
  const at::Tensor delta_bias = run.in.optional("deltaBias");
  const NormWeights norm{run.request.norm, run.request.epsilon, run.in.activation("weight"),
                         run.in.optional("bias")};
  Normed normed;
  run.forward([&] { normed = run.kernels.residual_norm(x, delta, delta_bias, norm); });
  run.give("x", x);
  run.give("y", normed.out_ND);
  if (!run.in.has("dY")) return;
  const at::Tensor d_y = run.in.activation("dY"), d_weight = run.in.zeros({x.size(1)});
  const at::Tensor d_bias = norm.bias_D.defined() ? run.in.zeros({x.size(1)}) : at::Tensor();
  at::Tensor d_x = run.in.optional("dX");
  run.backward([&] { d_x = run.kernels.norm_backward(d_y, x, normed, norm, d_x, d_weight, d_bias); });
  run.give("dX", d_x);
  run.give("dWeight", d_weight);
  run.give("dBias", d_bias);
}

void run_residual(const Run& run) {
  const at::Tensor x = run.in.activation("x"), delta = run.in.optional("delta"),
                   bias = run.in.optional("bias");
  run.forward([&] { run.kernels.add_residual(x, delta, bias); });
  run.give("x", x);
}

void run_column_sums(const Run& run) {
  const at::Tensor x = run.in.heads("x").select(1, 0), sums = run.in.floats("sums");
  run.forward([&] { run.kernels.add_column_sums(x, sums); });
  run.give("sums", sums);
}

void run_rotate(const Run& run) {
  const at::Tensor x = run.in.heads("x"), cos = run.in.floats("cos"), sin = run.in.floats("sin");
  run.forward([&] { run.kernels.rotate(x, cos, sin, run.request.inverse); });
  run.give("x", x);
}

void run_score(const Run& run) {
  const at::Tensor logits = run.in.floats("logits"), targets = run.in.targets();
  const at::Tensor d_log_probs = run.in.has("dLogProbs") ? run.in.floats("dLogProbs") : at::Tensor();
  ChunkScores scores;
  run.forward([&] { scores = run.kernels.score_chunk(logits, targets, d_log_probs); });
  run.give("logProbs", scores.log_probs_C);
  run.give("argmax", scores.argmax_C);
  if (d_log_probs.defined()) run.give("dLogits", logits);
}

void run_confidence(const Run& run) {
  const at::Tensor logits = run.in.floats("logits"), targets = run.in.floats("targets");
  const LossRows rows{logits, targets, logits.size(0), run.request.log_probabilities};
  LossAndGradient found;
  run.forward([&] { found = run.kernels.confidence(rows, run.request.alpha, run.request.threshold); });
  run.give("loss", found.loss);
  run.give("dLogits", found.d_logits_BK);
}

void run_readout(const Run& run) {
  const at::Tensor hidden = run.in.floats("hidden"), targets = run.in.targets();
  const Readout readout{run.kernels, run.in.activation("unembedding"), nullptr, run.request.chunk_rows};
  if (!run.in.has("dLogProbs")) {
    TokenScores scores;
    run.forward([&] { scores = score_tokens(readout, hidden, targets); });
    run.give("logProbs", scores.log_probs_T);
    run.give("argmax", scores.argmax_T);
    return;
  }
  // Not zeros: a fresh gradient is overwritten.
  const at::Tensor d_unembedding = run.in.floats("unembedding"), d_log_probs = run.in.floats("dLogProbs");
  TokenGradients found;
  run.backward([&] {
    found = backward_tokens(readout, hidden, targets, d_log_probs, {d_unembedding, /*fresh=*/true});
  });
  run.give("logProbs", found.log_probs_T);
  run.give("argmax", found.argmax_T);
  run.give("dHidden", found.d_hidden_TD);
  run.give("dUnembedding", d_unembedding);
}

struct NamedRun {
  std::string_view name;
  void (*run)(const Run&);
};

constexpr NamedRun kRuns[] = {
    {"attention", run_attention}, {"activation", run_activation}, {"gated", run_gated},
    {"norm", run_norm},           {"residual", run_residual},     {"columnSums", run_column_sums},
    {"rotate", run_rotate},       {"score", run_score},           {"confidence", run_confidence},
    {"readout", run_readout},
};

}  // namespace

KernelResult run_kernel(const KernelRequest& request) {
  const at::NoGradGuard no_grad;
  const auto* found = std::ranges::find(kRuns, request.kernel, &NamedRun::name);
  if (found == std::end(kRuns)) {
    fail("ERR_ARGUMENT", "Expected the name of a kernel but received '" + request.kernel + "'.");
  }
  KernelResult result;
  for (int64_t repetition = 0; repetition < request.repetitions; ++repetition)
    found->run({request, *request.kernels, Inputs(request), result});
  result.forward_seconds /= static_cast<double>(request.repetitions);
  result.backward_seconds /= static_cast<double>(request.repetitions);
  for (auto& [name, tensor] : result.outputs) tensor = tensor.to(at::kCPU, at::kFloat).contiguous();
  return result;
}

}  // namespace w2s
