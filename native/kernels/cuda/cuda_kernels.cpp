#include "cuda_kernels.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>

#include <algorithm>
#include <initializer_list>
#include <map>
#include <string>

#include "../../error.h"
#include "../../nn/attention_cuda.h"

namespace w2s {
namespace {

static_assert(static_cast<int>(Activation::kGeluTanh) == W2S_CUDA_GELU_TANH);
static_assert(static_cast<int>(Activation::kGelu) == W2S_CUDA_GELU);
static_assert(static_cast<int>(Activation::kSilu) == W2S_CUDA_SILU);
static_assert(static_cast<int>(Activation::kRelu) == W2S_CUDA_RELU);
static_assert(static_cast<int>(Threshold::Rule::kHalf) == W2S_CUDA_HALF);
static_assert(static_cast<int>(Threshold::Rule::kWeakMean) == W2S_CUDA_WEAK_MEAN);
static_assert(static_cast<int>(Threshold::Rule::kValue) == W2S_CUDA_VALUE);

// Parts in which sums over rows are made: enough to fill a GPU, few enough that summing the parts costs little.
constexpr int64_t kRowsOfSlice = 16;
constexpr int64_t kMostSlices = 512;

const void* read(const at::Tensor& x) { return x.defined() ? x.const_data_ptr() : nullptr; }
void* written(const at::Tensor& x) { return x.defined() ? x.mutable_data_ptr() : nullptr; }
float* added_to(const at::Tensor& x) { return static_cast<float*>(written(x)); }
const float* read_float(const at::Tensor& x) { return static_cast<const float*>(read(x)); }

int32_t dtype_of(const at::Tensor& x) {
  return x.scalar_type() == at::kBFloat16 ? W2S_CUDA_BF16 : W2S_CUDA_F32;
}

bool is_activation(const at::Tensor& x) {
  return x.scalar_type() == at::kFloat || x.scalar_type() == at::kBFloat16;
}

// Whether all that are defined lie without gaps and have this dtype.
bool plain_arrays(std::initializer_list<at::Tensor> tensors, at::ScalarType dtype) {
  return std::ranges::all_of(tensors, [&](const at::Tensor& x) {
    return !x.defined() || (x.is_contiguous() && x.scalar_type() == dtype);
  });
}

w2s_cuda_shape shape_of(const at::Tensor& x, int64_t columns) {
  return {static_cast<int32_t>(x.get_device()), dtype_of(x), x.size(0), columns, nullptr, 0};
}

// A workspace for `sums` column sums over the rows; keep it until the call returned: memory that is freed is given
// to later work of the same stream only.
at::Tensor make_workspace(w2s_cuda_shape& shape, const at::Tensor& x, int64_t sums) {
  shape.slices = std::clamp<int64_t>((shape.rows + kRowsOfSlice - 1) / kRowsOfSlice, 1, kMostSlices);
  const at::Tensor workspace =
      at::empty({sums * shape.slices * shape.columns}, x.options().dtype(at::kFloat));
  shape.workspace = added_to(workspace);
  return workspace;
}

template <class Call>
void run(int32_t (*function)(const Call*, char*, size_t), const Call& call, const char* what) {
  const auto reason = failure_of([&](char* error, size_t size) { return function(&call, error, size); });
  if (!reason) return;
  fail("ERR_DEVICE", std::string("Expected the GPU to run ") + what + " but received: " + *reason + ".",
       "See what is there with `w2s-native doctor`, or compute on the CPU with `--device cpu`.");
}

class CudaKernels final : public Kernels {
 public:
  explicit CudaKernels(std::shared_ptr<const CudaEntryPoints> entry)
      : entry_(std::move(entry)), plain_(plain_kernels()) {}

  Attended attention(const AttentionCall& call, const at::Tensor& q_QHE, const at::Tensor& k_NGE,
                     const at::Tensor& v_NGE) const override {
    return cuda_attention(call, q_QHE, k_NGE, v_NGE, compute_capability(q_QHE.device()));
  }
  void attention_backward(const AttentionCall& call, const at::Tensor& q_QHE, const at::Tensor& k_NGE,
                          const at::Tensor& v_NGE, const Attended& attended, const at::Tensor& d_out_QD,
                          at::Tensor d_q_QHE, at::Tensor d_k_NGE, at::Tensor d_v_NGE) const override {
    cuda_attention_backward(call, q_QHE, k_NGE, v_NGE, attended, d_out_QD, d_q_QHE, d_k_NGE, d_v_NGE,
                            compute_capability(q_QHE.device()));
  }
  bool records_attention(const AttentionCall& call, const at::Tensor& q_QHE) const override {
    return q_QHE.is_cuda() &&
           attention_path(call, q_QHE, compute_capability(q_QHE.device())) != AttentionPath::kPlain;
  }

  at::Tensor activation(const at::Tensor& x_NF, const at::Tensor& bias_F, Activation kind) const override;
  at::Tensor activation_backward(at::Tensor d_y_NF, const at::Tensor& x_NF, const at::Tensor& bias_F,
                                 Activation kind, at::Tensor d_bias_F) const override;
  at::Tensor gated(const at::Tensor& gate_up_N2F, Activation kind) const override;
  at::Tensor gated_backward(const at::Tensor& d_y_NF, at::Tensor gate_up_N2F, Activation kind) const override;
  Normed residual_norm(at::Tensor x_ND, const at::Tensor& delta_ND, const at::Tensor& delta_bias_D,
                       const NormWeights& norm) const override;
  at::Tensor norm_backward(const at::Tensor& d_y_ND, const at::Tensor& x_ND, const Normed& normed,
                           const NormWeights& norm, at::Tensor d_x_ND, at::Tensor d_weight_D,
                           at::Tensor d_bias_D) const override;
  void add_residual(at::Tensor x_ND, const at::Tensor& delta_ND, const at::Tensor& bias_D) const override;
  void add_column_sums(const at::Tensor& x_NF, at::Tensor bias_F) const override;
  void rotate(at::Tensor x_NHE, const at::Tensor& cos_NE2, const at::Tensor& sin_NE2,
              bool inverse) const override;
  ChunkScores score_chunk(at::Tensor logits_CV, const at::Tensor& targets_C,
                          const at::Tensor& d_log_probs_C) const override;
  LossAndGradient confidence(const LossRows& rows, double alpha, const Threshold& threshold) const override;

 private:
  int64_t compute_capability(const at::Device& device) const;

  std::shared_ptr<const CudaEntryPoints> entry_;
  std::shared_ptr<const Kernels> plain_;
  mutable std::map<int, int64_t> capabilities_;  // of devices that were asked for; job thread only
};

// Its major number; 0 for the CPU.
int64_t CudaKernels::compute_capability(const at::Device& device) const {
  if (!device.is_cuda()) return 0;
  const auto known = capabilities_.find(device.index());
  if (known != capabilities_.end()) return known->second;
  w2s_cuda_device found{};
  const auto reason = failure_of(
      [&](char* error, size_t size) { return entry_->describe(device.index(), &found, error, size); });
  if (reason)
    fail("ERR_DEVICE", "Expected to look at device " + device.str() + " but received: " + *reason + ".",
         "See what is there with `w2s-native doctor`.");
  return capabilities_[device.index()] = found.major;
}

at::Tensor CudaKernels::activation(const at::Tensor& x_NF, const at::Tensor& bias_F, Activation kind) const {
  if (!is_activation(x_NF) || !plain_arrays({x_NF, bias_F}, x_NF.scalar_type()))
    return plain_->activation(x_NF, bias_F, kind);
  at::Tensor y_NF = at::empty_like(x_NF);
  w2s_cuda_activation_call call{};
  call.shape = shape_of(x_NF, x_NF.size(1));
  call.activation = static_cast<int32_t>(kind);
  call.x = read(x_NF);
  call.bias = read(bias_F);
  call.y = written(y_NF);
  run(entry_->activation, call, "an activation");
  return y_NF;
}

at::Tensor CudaKernels::activation_backward(at::Tensor d_y_NF, const at::Tensor& x_NF,
                                            const at::Tensor& bias_F, Activation kind,
                                            at::Tensor d_bias_F) const {
  if (!is_activation(x_NF) || !plain_arrays({d_y_NF, x_NF, bias_F}, x_NF.scalar_type()) ||
      !plain_arrays({d_bias_F}, at::kFloat))
    return plain_->activation_backward(d_y_NF, x_NF, bias_F, kind, d_bias_F);
  w2s_cuda_activation_call call{};
  call.shape = shape_of(x_NF, x_NF.size(1));
  call.activation = static_cast<int32_t>(kind);
  call.x = read(x_NF);
  call.bias = read(bias_F);
  call.y = written(d_y_NF);
  call.d_bias = added_to(d_bias_F);
  const at::Tensor workspace = d_bias_F.defined() ? make_workspace(call.shape, x_NF, 1) : at::Tensor();
  run(entry_->activation_backward, call, "the backward pass of an activation");
  return d_y_NF;
}

at::Tensor CudaKernels::gated(const at::Tensor& gate_up_N2F, Activation kind) const {
  if (!is_activation(gate_up_N2F) || !gate_up_N2F.is_contiguous()) return plain_->gated(gate_up_N2F, kind);
  const int64_t columns = gate_up_N2F.size(1) / 2;
  at::Tensor y_NF = at::empty({gate_up_N2F.size(0), columns}, gate_up_N2F.options());
  w2s_cuda_gated_call call{};
  call.shape = shape_of(gate_up_N2F, columns);
  call.activation = static_cast<int32_t>(kind);
  call.gate_up = const_cast<void*>(read(gate_up_N2F));  // read only in this direction
  call.y = written(y_NF);
  run(entry_->gated, call, "a gated activation");
  return y_NF;
}

at::Tensor CudaKernels::gated_backward(const at::Tensor& d_y_NF, at::Tensor gate_up_N2F,
                                       Activation kind) const {
  if (!is_activation(gate_up_N2F) || !plain_arrays({d_y_NF, gate_up_N2F}, gate_up_N2F.scalar_type()))
    return plain_->gated_backward(d_y_NF, gate_up_N2F, kind);
  w2s_cuda_gated_call call{};
  call.shape = shape_of(gate_up_N2F, gate_up_N2F.size(1) / 2);
  call.activation = static_cast<int32_t>(kind);
  call.gate_up = written(gate_up_N2F);
  call.y = const_cast<void*>(read(d_y_NF));  // read only in this direction
  run(entry_->gated_backward, call, "the backward pass of a gated activation");
  return gate_up_N2F;
}

Normed CudaKernels::residual_norm(at::Tensor x_ND, const at::Tensor& delta_ND, const at::Tensor& delta_bias_D,
                                  const NormWeights& norm) const {
  if (!is_activation(x_ND) ||
      !plain_arrays({x_ND, delta_ND, delta_bias_D, norm.weight_D, norm.bias_D}, x_ND.scalar_type()))
    return plain_->residual_norm(x_ND, delta_ND, delta_bias_D, norm);
  const bool layer_norm = norm.kind == NormKind::kLayerNorm;
  const auto statistics = x_ND.options().dtype(at::kFloat);
  Normed normed;
  normed.out_ND = at::empty_like(x_ND);
  normed.scale_N = at::empty({x_ND.size(0)}, statistics);
  if (layer_norm) normed.mean_N = at::empty({x_ND.size(0)}, statistics);
  w2s_cuda_norm_call call{};
  call.shape = shape_of(x_ND, x_ND.size(1));
  call.layer_norm = layer_norm ? 1 : 0;
  call.epsilon = static_cast<float>(norm.epsilon);
  call.x = written(x_ND);
  call.delta = read(delta_ND);
  call.delta_bias = read(delta_bias_D);
  call.weight = read(norm.weight_D);
  call.bias = read(norm.bias_D);
  call.out = written(normed.out_ND);
  call.mean = added_to(normed.mean_N);
  call.scale = added_to(normed.scale_N);
  run(entry_->residual_norm, call, "a norm");
  return normed;
}

at::Tensor CudaKernels::norm_backward(const at::Tensor& d_y_ND, const at::Tensor& x_ND, const Normed& normed,
                                      const NormWeights& norm, at::Tensor d_x_ND, at::Tensor d_weight_D,
                                      at::Tensor d_bias_D) const {
  if (!is_activation(x_ND) || !plain_arrays({d_y_ND, x_ND, norm.weight_D, d_x_ND}, x_ND.scalar_type()) ||
      !plain_arrays({normed.mean_N, normed.scale_N, d_weight_D, d_bias_D}, at::kFloat))
    return plain_->norm_backward(d_y_ND, x_ND, normed, norm, d_x_ND, d_weight_D, d_bias_D);
  const bool layer_norm = norm.kind == NormKind::kLayerNorm;
  const at::Tensor d_stream_ND = d_x_ND;
  if (!d_x_ND.defined()) d_x_ND = at::empty_like(x_ND);
  w2s_cuda_norm_backward_call call{};
  call.shape = shape_of(x_ND, x_ND.size(1));
  call.layer_norm = layer_norm ? 1 : 0;
  call.d_y = read(d_y_ND);
  call.x = read(x_ND);
  call.weight = read(norm.weight_D);
  call.mean = read_float(normed.mean_N);
  call.scale = read_float(normed.scale_N);
  call.d_stream = read(d_stream_ND);
  call.d_x = written(d_x_ND);
  call.d_weight = added_to(d_weight_D);
  call.d_bias = added_to(d_bias_D);
  const at::Tensor workspace =
      d_weight_D.defined() ? make_workspace(call.shape, x_ND, layer_norm ? 2 : 1) : at::Tensor();
  run(entry_->norm_backward, call, "the backward pass of a norm");
  return d_x_ND;
}

void CudaKernels::add_residual(at::Tensor x_ND, const at::Tensor& delta_ND, const at::Tensor& bias_D) const {
  if (!is_activation(x_ND) || !plain_arrays({x_ND, delta_ND, bias_D}, x_ND.scalar_type()))
    return plain_->add_residual(x_ND, delta_ND, bias_D);
  w2s_cuda_residual_call call{};
  call.shape = shape_of(x_ND, x_ND.size(1));
  call.x = written(x_ND);
  call.delta = read(delta_ND);
  call.bias = read(bias_D);
  run(entry_->add_residual, call, "an addition to the residual stream");
}

void CudaKernels::add_column_sums(const at::Tensor& x_NF, at::Tensor bias_F) const {
  if (!is_activation(x_NF) || (x_NF.size(1) > 1 && x_NF.stride(1) != 1) ||
      !plain_arrays({bias_F}, at::kFloat))
    return plain_->add_column_sums(x_NF, bias_F);
  w2s_cuda_column_sums_call call{};
  call.shape = shape_of(x_NF, x_NF.size(1));
  call.x = read(x_NF);
  call.row_stride = x_NF.stride(0);
  call.sums = added_to(bias_F);
  const at::Tensor workspace = make_workspace(call.shape, x_NF, 1);
  run(entry_->add_column_sums, call, "sums of columns");
}

void CudaKernels::rotate(at::Tensor x_NHE, const at::Tensor& cos_NE2, const at::Tensor& sin_NE2,
                         bool inverse) const {
  if (!is_activation(x_NHE) || x_NHE.stride(2) != 1 || !plain_arrays({cos_NE2, sin_NE2}, at::kFloat))
    return plain_->rotate(x_NHE, cos_NE2, sin_NE2, inverse);
  w2s_cuda_rotate_call call{};
  call.shape = shape_of(x_NHE, x_NHE.size(2));
  call.heads = x_NHE.size(1);
  call.row_stride = x_NHE.stride(0);
  call.head_stride = x_NHE.stride(1);
  call.x = written(x_NHE);
  call.cosine = read_float(cos_NE2);
  call.sine = read_float(sin_NE2);
  call.inverse = inverse ? 1 : 0;
  run(entry_->rotate, call, "a rotary embedding");
}

ChunkScores CudaKernels::score_chunk(at::Tensor logits_CV, const at::Tensor& targets_C,
                                     const at::Tensor& d_log_probs_C) const {
  if (!plain_arrays({logits_CV, d_log_probs_C}, at::kFloat) || !plain_arrays({targets_C}, at::kLong))
    return plain_->score_chunk(logits_CV, targets_C, d_log_probs_C);
  const ChunkScores scores{at::empty({logits_CV.size(0)}, logits_CV.options()), at::empty_like(targets_C)};
  w2s_cuda_score_call call{};
  call.shape = shape_of(logits_CV, logits_CV.size(1));
  call.logits = added_to(logits_CV);
  call.targets = static_cast<const int64_t*>(read(targets_C));
  call.d_log_probs = read_float(d_log_probs_C);
  call.log_probs = added_to(scores.log_probs_C);
  call.argmax = static_cast<int64_t*>(written(scores.argmax_C));
  run(entry_->score_chunk, call, "the scores of a chunk of logits");
  return scores;
}

LossAndGradient CudaKernels::confidence(const LossRows& rows, double alpha,
                                        const Threshold& threshold) const {
  const at::Tensor& logits_B2 = rows.logits_BK;
  const bool known = logits_B2.scalar_type() == at::kFloat || logits_B2.scalar_type() == at::kDouble;
  if (!known || logits_B2.size(1) != 2 || !logits_B2.is_contiguous() ||
      !plain_arrays({rows.targets_BK}, at::kFloat) || logits_B2.size(0) == 0 ||
      logits_B2.size(0) > W2S_CUDA_CONFIDENCE_ROWS)
    return Kernels::confidence(rows, alpha, threshold);
  const auto in_double = logits_B2.options().dtype(at::kDouble);
  LossAndGradient found{at::empty({}, in_double), at::empty(logits_B2.sizes(), in_double)};
  w2s_cuda_confidence_call call{};
  call.shape = shape_of(logits_B2, 2);
  call.shape.dtype = logits_B2.scalar_type() == at::kDouble ? W2S_CUDA_F64 : W2S_CUDA_F32;
  call.logits = read(logits_B2);
  call.targets = read_float(rows.targets_BK);
  call.log_probabilities = rows.log_probabilities ? 1 : 0;
  call.rule = static_cast<int32_t>(threshold.rule);
  call.value = threshold.value;
  call.alpha = alpha;
  call.batch_size = static_cast<double>(rows.batch_size);
  call.loss = static_cast<double*>(written(found.loss));
  call.d_logits = static_cast<double*>(written(found.d_logits_BK));
  run(entry_->confidence, call, "the confidence loss");
  return found;
}

}  // namespace

std::shared_ptr<const Kernels> cuda_kernels(std::shared_ptr<const CudaEntryPoints> entry_points) {
  return std::make_shared<const CudaKernels>(std::move(entry_points));
}

}  // namespace w2s
