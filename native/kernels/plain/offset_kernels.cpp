#include "../../nn/attention_varlen.h"
#include "plain_kernels.h"

namespace w2s {
namespace {

class OffsetKernels final : public PlainKernels {
 public:
  Attended attention(const AttentionCall& call, const at::Tensor& q_QHE, const at::Tensor& k_NGE,
                     const at::Tensor& v_NGE) const override {
    if (!records_attention(call, q_QHE)) return PlainKernels::attention(call, q_QHE, k_NGE, v_NGE);
    return varlen_attention(*kernel_, call, q_QHE, k_NGE, v_NGE);
  }
  void attention_backward(const AttentionCall& call, const at::Tensor& q_QHE, const at::Tensor& k_NGE,
                          const at::Tensor& v_NGE, const Attended& attended, const at::Tensor& d_out_QD,
                          at::Tensor d_q_QHE, at::Tensor d_k_NGE, at::Tensor d_v_NGE) const override {
    if (!records_attention(call, q_QHE))
      return PlainKernels::attention_backward(call, q_QHE, k_NGE, v_NGE, attended, d_out_QD, d_q_QHE, d_k_NGE,
                                              d_v_NGE);
    varlen_attention_backward(*kernel_, call, q_QHE, k_NGE, v_NGE, attended, d_out_QD, std::move(d_q_QHE),
                              std::move(d_k_NGE), std::move(d_v_NGE));
  }
  bool records_attention(const AttentionCall& call, const at::Tensor&) const override {
    return call.layout.query_offsets_on_device.defined() && call.layout.trailing;
  }

 private:
  std::unique_ptr<VarlenKernel> kernel_ = plain_varlen_kernel();
};

}  // namespace

std::shared_ptr<const Kernels> offset_kernels() { return std::make_shared<OffsetKernels>(); }

}  // namespace w2s
