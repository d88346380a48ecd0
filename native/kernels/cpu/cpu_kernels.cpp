#include "cpu_kernels.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>

#include "memory.h"

namespace w2s {
namespace {

loops::Curve curve_of(Activation kind) {
  switch (kind) {
    case Activation::kGeluTanh:
      return loops::Curve::kGeluTanh;
    case Activation::kGelu:
      return loops::Curve::kGelu;
    case Activation::kSilu:
      return loops::Curve::kSilu;
    case Activation::kRelu:
      break;
  }
  return loops::Curve::kRelu;
}

void check_rows(const at::Tensor& tensor, const at::Tensor& like) {
  TORCH_CHECK(!tensor.defined() || (tensor.is_contiguous() && tensor.scalar_type() == like.scalar_type()),
              "Expected contiguous rows of one type for a kernel on the CPU.");
}

template <class... Tensors>
void check_all(const at::Tensor& first, const Tensors&... others) {
  check_rows(first, first);
  (check_rows(others, first), ...);
}

}  // namespace

at::Tensor CpuKernels::activation(const at::Tensor& x_NF, const at::Tensor& bias_F, Activation kind) const {
  const at::NoGradGuard no_grad;
  check_all(x_NF, bias_F);
  at::Tensor y_NF = empty(x_NF.sizes(), x_NF.options());
  const int64_t columns = x_NF.size(1);
  cpu::by_dtype(x_NF, [&]<class T>(T) {
    cpu::share_rows(x_NF.size(0), columns, [&](int64_t row, int64_t rows) {
      cpu::table<T>().activation({cpu::read<T>(x_NF) + row * columns, cpu::read<T>(bias_F),
                                  cpu::write<T>(y_NF) + row * columns, rows, columns, curve_of(kind)});
    });
  });
  return y_NF;
}

at::Tensor CpuKernels::activation_backward(at::Tensor d_y_NF, const at::Tensor& x_NF,
                                           const at::Tensor& bias_F, Activation kind,
                                           at::Tensor d_bias_F) const {
  const at::NoGradGuard no_grad;
  check_all(d_y_NF, x_NF, bias_F);
  const int64_t rows = x_NF.size(0), columns = x_NF.size(1);
  cpu::by_dtype(x_NF, [&]<class T>(T) {
    const auto run = [&](int64_t row, int64_t count, float* sums) {
      cpu::table<T>().activation_backward({cpu::write<T>(d_y_NF) + row * columns,
                                           cpu::read<T>(x_NF) + row * columns, cpu::read<T>(bias_F), sums,
                                           count, columns, curve_of(kind)});
    };
    if (d_bias_F.defined()) {
      cpu::PartialSums(rows, columns, run).add_to(d_bias_F);
    } else {
      cpu::share_rows(rows, columns, [&](int64_t row, int64_t count) { run(row, count, nullptr); });
    }
  });
  return d_y_NF;
}

at::Tensor CpuKernels::gated(const at::Tensor& gate_up_N2F, Activation kind) const {
  const at::NoGradGuard no_grad;
  check_all(gate_up_N2F);
  const int64_t columns = gate_up_N2F.size(1) / 2;
  at::Tensor y_NF = empty({gate_up_N2F.size(0), columns}, gate_up_N2F.options());
  cpu::by_dtype(gate_up_N2F, [&]<class T>(T) {
    cpu::share_rows(gate_up_N2F.size(0), columns, [&](int64_t row, int64_t rows) {
      cpu::table<T>().gated({cpu::read<T>(gate_up_N2F) + 2 * row * columns,
                             cpu::write<T>(y_NF) + row * columns, rows, columns, curve_of(kind)});
    });
  });
  return y_NF;
}

at::Tensor CpuKernels::gated_backward(const at::Tensor& d_y_NF, at::Tensor gate_up_N2F,
                                      Activation kind) const {
  const at::NoGradGuard no_grad;
  check_all(d_y_NF, gate_up_N2F);
  const int64_t columns = d_y_NF.size(1);
  cpu::by_dtype(d_y_NF, [&]<class T>(T) {
    cpu::share_rows(d_y_NF.size(0), columns, [&](int64_t row, int64_t rows) {
      cpu::table<T>().gated_backward({cpu::read<T>(d_y_NF) + row * columns,
                                      cpu::write<T>(gate_up_N2F) + 2 * row * columns, rows, columns,
                                      curve_of(kind)});
    });
  });
  return gate_up_N2F;
}

Normed CpuKernels::residual_norm(at::Tensor x_ND, const at::Tensor& delta_ND, const at::Tensor& delta_bias_D,
                                 const NormWeights& norm) const {
  const at::NoGradGuard no_grad;
  check_all(x_ND, delta_ND, delta_bias_D, norm.weight_D, norm.bias_D);
  const int64_t count = x_ND.size(0), columns = x_ND.size(1);
  const auto statistics = x_ND.options().dtype(at::kFloat);
  Normed normed{empty(x_ND.sizes(), x_ND.options()), {}, at::empty({count}, statistics)};
  if (norm.kind == NormKind::kLayerNorm) normed.mean_N = at::empty({count}, statistics);
  cpu::by_dtype(x_ND, [&]<class T>(T) {
    const T* delta = cpu::read<T>(delta_ND);
    float* mean = cpu::write<float>(normed.mean_N);
    cpu::share_rows(count, columns, [&](int64_t row, int64_t rows) {
      const int64_t at = row * columns;
      cpu::table<T>().norm({cpu::write<T>(x_ND) + at, delta ? delta + at : nullptr,
                            cpu::read<T>(delta_bias_D), cpu::read<T>(norm.weight_D),
                            cpu::read<T>(norm.bias_D), cpu::write<T>(normed.out_ND) + at,
                            mean ? mean + row : nullptr, cpu::write<float>(normed.scale_N) + row, rows,
                            columns, norm.epsilon});
    });
  });
  return normed;
}

at::Tensor CpuKernels::norm_backward(const at::Tensor& d_y_ND, const at::Tensor& x_ND, const Normed& normed,
                                     const NormWeights& norm, at::Tensor d_x_ND, at::Tensor d_weight_D,
                                     at::Tensor d_bias_D) const {
  const at::NoGradGuard no_grad;
  check_all(x_ND, d_y_ND, norm.weight_D, d_x_ND);
  const bool add = d_x_ND.defined();
  if (!add) d_x_ND = empty(x_ND.sizes(), x_ND.options());
  const int64_t columns = x_ND.size(1);
  const bool biased = d_bias_D.defined();
  cpu::by_dtype(x_ND, [&]<class T>(T) {
    const float* mean = cpu::read<float>(normed.mean_N);
    const auto run = [&](int64_t row, int64_t rows, float* sums) {
      const int64_t at = row * columns;
      cpu::table<T>().norm_backward({cpu::read<T>(d_y_ND) + at, cpu::read<T>(x_ND) + at,
                                     mean ? mean + row : nullptr, cpu::read<float>(normed.scale_N) + row,
                                     cpu::read<T>(norm.weight_D), cpu::write<T>(d_x_ND) + at, add, sums,
                                     biased ? sums + columns : nullptr, rows, columns});
    };
    const cpu::PartialSums sums(x_ND.size(0), (biased ? 2 : 1) * columns, run);
    sums.add_to(d_weight_D);
    sums.add_to(d_bias_D, columns);
  });
  return d_x_ND;
}

void CpuKernels::add_residual(at::Tensor x_ND, const at::Tensor& delta_ND, const at::Tensor& bias_D) const {
  const at::NoGradGuard no_grad;
  check_all(x_ND, delta_ND, bias_D);
  const int64_t columns = x_ND.size(1);
  cpu::by_dtype(x_ND, [&]<class T>(T) {
    const T* delta = cpu::read<T>(delta_ND);
    cpu::share_rows(x_ND.size(0), columns, [&](int64_t row, int64_t rows) {
      cpu::table<T>().add_residual({cpu::write<T>(x_ND) + row * columns,
                                    delta ? delta + row * columns : nullptr, cpu::read<T>(bias_D), rows,
                                    columns});
    });
  });
}

void CpuKernels::add_column_sums(const at::Tensor& x_NF, at::Tensor bias_F) const {
  const at::NoGradGuard no_grad;
  TORCH_CHECK(x_NF.stride(1) == 1, "Expected rows with a contiguous last dimension.");
  cpu::by_dtype(x_NF, [&]<class T>(T) {
    const int64_t stride = x_NF.stride(0), columns = x_NF.size(1);
    cpu::PartialSums(x_NF.size(0), columns, [&](int64_t row, int64_t rows, float* sums) {
      cpu::table<T>().add_column_sums({cpu::read<T>(x_NF) + row * stride, stride, sums, rows, columns});
    }).add_to(bias_F);
  });
}

void CpuKernels::rotate(at::Tensor x_NHE, const at::Tensor& cos_NE2, const at::Tensor& sin_NE2,
                        bool inverse) const {
  const at::NoGradGuard no_grad;
  check_all(cos_NE2, sin_NE2);
  TORCH_CHECK(x_NHE.stride(2) == 1, "Expected heads with a contiguous last dimension.");
  const int64_t heads = x_NHE.size(1), half = cos_NE2.size(1);
  cpu::by_dtype(x_NHE, [&]<class T>(T) {
    cpu::share_rows(x_NHE.size(0), x_NHE.size(1) * x_NHE.size(2), [&](int64_t row, int64_t rows) {
      cpu::table<T>().rotate({cpu::write<T>(x_NHE) + row * x_NHE.stride(0), x_NHE.stride(0), x_NHE.stride(1),
                              cpu::read<float>(cos_NE2) + row * half, cpu::read<float>(sin_NE2) + row * half,
                              inverse, rows, heads, half});
    });
  });
}

ChunkScores CpuKernels::score_chunk(at::Tensor logits_CV, const at::Tensor& targets_C,
                                    const at::Tensor& d_log_probs_C) const {
  const at::NoGradGuard no_grad;
  TORCH_CHECK(logits_CV.is_cpu() && logits_CV.scalar_type() == at::kFloat,
              "Expected float32 logits on the CPU.");
  check_all(logits_CV, d_log_probs_C);
  const int64_t count = logits_CV.size(0), columns = logits_CV.size(1);
  ChunkScores scores{at::empty({count}, logits_CV.options()),
                     at::empty({count}, logits_CV.options().dtype(at::kLong))};
  const at::Tensor targets = targets_C.contiguous();
  const float* d = cpu::read<float>(d_log_probs_C);
  cpu::share_rows(count, columns, [&](int64_t row, int64_t rows) {
    cpu::tables().score({cpu::write<float>(logits_CV) + row * columns, cpu::read<int64_t>(targets) + row,
                         d ? d + row : nullptr, cpu::write<float>(scores.log_probs_C) + row,
                         cpu::write<int64_t>(scores.argmax_C) + row, rows, columns});
  });
  return scores;
}

LossAndGradient CpuKernels::confidence(const LossRows& rows, double alpha, const Threshold& threshold) const {
  return fused_confidence(rows, alpha, threshold);
}

std::shared_ptr<const Kernels> cpu_kernels() { return std::make_shared<const CpuKernels>(); }

}  // namespace w2s
