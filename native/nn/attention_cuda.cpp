#include "attention_cuda.h"

#include <ATen/ops/_efficient_attention_backward.h>
#include <ATen/ops/_efficient_attention_forward.h>
#include <ATen/ops/_flash_attention_backward.h>
#include <ATen/ops/_flash_attention_forward.h>

#include <optional>
#include <tuple>

#include "attention_varlen.h"

namespace w2s {
namespace {

// Of the grid's dimension that branches take, in both kernels.
constexpr int64_t kMostBranches = 65535;
// sdp::CustomMaskType::CausalFromBottomRight
constexpr int64_t kCausalFromBottomRight = 2;

// Rows that 16-byte loads can read: neither kernel asks, flash reads wrong numbers instead.
at::Tensor readable(const at::Tensor& x_NHE) {
  const auto elements = 16 / static_cast<int64_t>(x_NHE.element_size());
  const bool aligned = reinterpret_cast<std::uintptr_t>(x_NHE.data_ptr()) % 16 == 0 &&
                       x_NHE.stride(0) % elements == 0 && x_NHE.stride(1) % elements == 0;
  return aligned && x_NHE.stride(2) == 1 ? x_NHE : x_NHE.clone(at::MemoryFormat::Contiguous);
}

// Flash attention 2. Its C++ arguments are the same from libtorch 2.11 to 2.14: 2.12 added optional ones at the end of
// the forward pass. Three things that are not in the schema:
// - It counts a window to the left without the query itself.
// - `window_size_right` 0 is said although `is_causal` implies it: with one query a branch the kernel otherwise takes
//   a way for decoding that lays the log-sum-exp out differently (mha_varlen_fwd, seqlenq_ngroups_swapped).
// - Its log-sum-exp is [H, Q]; the state of its random numbers is unused without dropout.
class FlashVarlen final : public VarlenKernel {
 public:
  Attended forward(const VarlenCall& call, const at::Tensor& q_QHE, const at::Tensor& k_KGE,
                   const at::Tensor& v_KGE) const override {
    auto [out_QHE, log_sum_exp, rng_state, unused, debug] = at::_flash_attention_forward(
        readable(q_QHE), readable(k_KGE), readable(v_KGE), call.query_offsets_B1, call.key_offsets_B1,
        call.most_queries, call.most_keys, /*dropout_p=*/0.0, /*is_causal=*/true, /*return_debug_mask=*/false,
        std::optional<double>(call.scale), left(call), std::optional<int64_t>(0));
    return {out_QHE.reshape({q_QHE.size(0), -1}), log_sum_exp, {rng_state, unused}};
  }

  Gradients backward(const VarlenCall& call, const at::Tensor& q_QHE, const at::Tensor& k_KGE,
                     const at::Tensor& v_KGE, const Attended& attended,
                     const at::Tensor& d_out_QHE) const override {
    auto [d_q, d_k, d_v] = at::_flash_attention_backward(
        readable(d_out_QHE), readable(q_QHE), readable(k_KGE), readable(v_KGE),
        attended.out_QD.view(q_QHE.sizes()), attended.log_sum_exp, call.query_offsets_B1, call.key_offsets_B1,
        call.most_queries, call.most_keys,
        /*dropout_p=*/0.0, /*is_causal=*/true, attended.saved[0], attended.saved[1],
        std::optional<double>(call.scale), left(call), std::optional<int64_t>(0));
    return {d_q, d_k, d_v};
  }

 private:
  static std::optional<int64_t> left(const VarlenCall& call) {
    return call.window > 0 ? std::optional<int64_t>(call.window - 1) : std::nullopt;
  }
};

// Memory-efficient attention takes one batch entry [1, rows, H, E] and, before libtorch 2.14, as many key heads as
// query heads. In float32 its products are three of TF32 each, as exact as float32. Its window counts the query.
class EfficientVarlen final : public VarlenKernel {
 public:
  Attended forward(const VarlenCall& call, const at::Tensor& q_QHE, const at::Tensor& k_KGE,
                   const at::Tensor& v_KGE) const override {
    auto [out_1QHE, log_sum_exp, seed, offset, most_queries, most_keys] = at::_efficient_attention_forward(
        readable(q_QHE).unsqueeze(0), all_heads(k_KGE, q_QHE), all_heads(v_KGE, q_QHE), /*bias=*/std::nullopt,
        call.query_offsets_B1, call.key_offsets_B1, call.most_queries, call.most_keys, /*dropout_p=*/0.0,
        kCausalFromBottomRight, /*compute_log_sumexp=*/true, std::optional<double>(call.scale),
        /*seqlen_k=*/std::nullopt, window(call));
    return {out_1QHE.reshape({q_QHE.size(0), -1}), log_sum_exp, {seed, offset}};
  }

  Gradients backward(const VarlenCall& call, const at::Tensor& q_QHE, const at::Tensor& k_KGE,
                     const at::Tensor& v_KGE, const Attended& attended,
                     const at::Tensor& d_out_QHE) const override {
    auto [d_q, d_k, d_v, d_bias] = at::_efficient_attention_backward(
        readable(d_out_QHE).unsqueeze(0), readable(q_QHE).unsqueeze(0), all_heads(k_KGE, q_QHE),
        all_heads(v_KGE, q_QHE),
        /*bias=*/std::nullopt, attended.out_QD.view(q_QHE.sizes()).unsqueeze(0), call.query_offsets_B1,
        call.key_offsets_B1, call.most_queries, call.most_keys, attended.log_sum_exp, /*dropout_p=*/0.0,
        attended.saved[0], attended.saved[1], kCausalFromBottomRight, /*bias_requires_grad=*/false,
        std::optional<double>(call.scale), /*num_splits_key=*/std::nullopt, window(call));
    return {d_q.squeeze(0), own_heads(d_k, k_KGE), own_heads(d_v, v_KGE)};
  }

 private:
  static std::optional<int64_t> window(const VarlenCall& call) {
    return call.window > 0 ? std::optional<int64_t>(call.window) : std::nullopt;
  }

  static at::Tensor all_heads(const at::Tensor& x_KGE, const at::Tensor& q_QHE) {
    const int64_t rows = x_KGE.size(0), groups = x_KGE.size(1), heads = q_QHE.size(1), size = x_KGE.size(2);
    if (groups == heads) return readable(x_KGE).unsqueeze(0);
    return x_KGE.unsqueeze(2).expand({rows, groups, heads / groups, size}).reshape({1, rows, heads, size});
  }

  static at::Tensor own_heads(const at::Tensor& d_x_1KHE, const at::Tensor& x_KGE) {
    const int64_t rows = x_KGE.size(0), groups = x_KGE.size(1), size = x_KGE.size(2);
    if (d_x_1KHE.size(2) == groups) return d_x_1KHE.squeeze(0);
    return d_x_1KHE.view({rows, groups, d_x_1KHE.size(2) / groups, size}).sum(2);
  }
};

}  // namespace

AttentionPath attention_path(const AttentionCall& call, const at::Tensor& q_QHE, int64_t compute_capability) {
  return attention_path(call, {q_QHE.scalar_type(), q_QHE.size(2), compute_capability});
}

AttentionPath attention_path(const AttentionCall& call, const AttentionTraits& traits) {
  const AttentionLayout& layout = call.layout;
  const bool placed = layout.query_offsets_on_device.defined() && layout.trailing &&
                      static_cast<int64_t>(layout.branches.size()) <= kMostBranches;
  if (!placed) return AttentionPath::kPlain;
  const bool half = traits.dtype == at::kBFloat16 || traits.dtype == at::kHalf;
  if (half && traits.compute_capability >= 8 && traits.head_size % 8 == 0 && traits.head_size <= 256)
    return AttentionPath::kFlash;
  if (half && (traits.compute_capability < 8 || traits.head_size % 8 != 0)) return AttentionPath::kPlain;
  if (traits.head_size % 4 != 0) return AttentionPath::kPlain;
  // Its backward pass places the window from the top left whatever the mask says (kernel_backward.h, `shift` under
  // `window_size`), which is the same only where every branch has as many queries as keys.
  if (call.window > 0 && layout.queries() != layout.keys) return AttentionPath::kPlain;
  return AttentionPath::kEfficient;
}

Attended cuda_attention(const AttentionCall& call, const at::Tensor& q_QHE, const at::Tensor& k_NGE,
                        const at::Tensor& v_NGE, int64_t compute_capability) {
  switch (attention_path(call, q_QHE, compute_capability)) {
    case AttentionPath::kFlash:
      return varlen_attention(FlashVarlen(), call, q_QHE, k_NGE, v_NGE);
    case AttentionPath::kEfficient:
      return varlen_attention(EfficientVarlen(), call, q_QHE, k_NGE, v_NGE);
    case AttentionPath::kPlain:
      break;
  }
  return plain_kernels()->attention(call, q_QHE, k_NGE, v_NGE);
}

void cuda_attention_backward(const AttentionCall& call, const at::Tensor& q_QHE, const at::Tensor& k_NGE,
                             const at::Tensor& v_NGE, const Attended& attended, const at::Tensor& d_out_QD,
                             at::Tensor d_q_QHE, at::Tensor d_k_NGE, at::Tensor d_v_NGE,
                             int64_t compute_capability) {
  switch (attention_path(call, q_QHE, compute_capability)) {
    case AttentionPath::kFlash:
      return varlen_attention_backward(FlashVarlen(), call, q_QHE, k_NGE, v_NGE, attended, d_out_QD,
                                       std::move(d_q_QHE), std::move(d_k_NGE), std::move(d_v_NGE));
    case AttentionPath::kEfficient:
      return varlen_attention_backward(EfficientVarlen(), call, q_QHE, k_NGE, v_NGE, attended, d_out_QD,
                                       std::move(d_q_QHE), std::move(d_k_NGE), std::move(d_v_NGE));
    case AttentionPath::kPlain:
      break;
  }
  plain_kernels()->attention_backward(call, q_QHE, k_NGE, v_NGE, attended, d_out_QD, std::move(d_q_QHE),
                                      std::move(d_k_NGE), std::move(d_v_NGE));
}

}  // namespace w2s
