#include "product.h"

#include <ATen/Context.h>
#include <ATen/ops/addmm.h>
#include <ATen/ops/mm.h>

#if defined(__linux__) && defined(__x86_64__)
// Exported by libtorch but declared in no header that it installs. Weak: should a version change or drop it, its
// address is null, since the name spells the arguments' types.
namespace at::native {
void mkldnn_matmul(const Tensor& a, const Tensor& b, const Tensor& result, float beta, float alpha)
    __attribute__((weak, visibility("default")));
}
#define W2S_HAS_ONEDNN_PRODUCT 1
#endif

namespace w2s {
namespace {

// float32 products of at::mm go to MKL, which on AMD takes its AVX2 path whatever the CPU has; oneDNN takes AVX512
// there. Measured on one core of a Zen 5, [700, 768] · [768, 3072]: 105 against 200 to 230 GFLOP/s, down to products
// of 10 MFLOP, accumulating or not, transposed or not. On Intel, and with AVX2 alone, oneDNN gains nothing.
bool onednn_is_faster() {
#ifdef W2S_HAS_ONEDNN_PRODUCT
  return at::native::mkldnn_matmul != nullptr && __builtin_cpu_is("amd") && __builtin_cpu_supports("avx512f");
#else
  return false;
#endif
}

// oneDNN compiles a kernel for every new shape, about 1 ms: below this a product gains less than 0.1 ms by it.
constexpr int64_t kLeastFlops = 16'000'000;

bool takes_onednn(const at::Tensor& out, const at::Tensor& a, const at::Tensor& b) {
  return out.is_cpu() && out.scalar_type() == at::kFloat && a.scalar_type() == at::kFloat &&
         2 * a.size(0) * a.size(1) * b.size(1) >= kLeastFlops && onednn_is_faster();
}

}  // namespace

int64_t product_row_multiple(const at::Device& device) {
  return device.is_cpu() && onednn_is_faster() ? 16 : 1;
}

const char* float32_product_library() {
  if (onednn_is_faster()) return "oneDNN";
  return at::globalContext().hasMKL() ? "MKL" : "BLAS";
}

void product(const at::Tensor& out, const at::Tensor& a, const at::Tensor& b, bool accumulate) {
  if (out.stride(1) != 1 && out.stride(0) == 1) return product(out.t(), b.t(), a.t(), accumulate);
#ifdef W2S_HAS_ONEDNN_PRODUCT
  if (takes_onednn(out, a, b))
    return at::native::mkldnn_matmul(a, b, out, /*beta=*/accumulate ? 1.0F : 0.0F, /*alpha=*/1.0F);
#endif
  at::Tensor result = out;
  if (out.scalar_type() != a.scalar_type() && out.is_cuda()) {
    // Sums come out as they are; only on CUDA does this form exist. addmm's wants a bfloat16 sum in some versions.
    if (accumulate) {
      result.add_(at::mm(a, b, out.scalar_type()));
    } else {
      at::mm_out(result, a, b, out.scalar_type());
    }
  } else if (out.scalar_type() != a.scalar_type()) {
    const at::Tensor narrow = at::mm(a, b);
    if (accumulate) {
      result.add_(narrow);
    } else {
      result.copy_(narrow);
    }
  } else if (accumulate) {
    result.addmm_(a, b);
  } else {
    at::mm_out(result, a, b);
  }
}

void product(Profile* profile, const at::Tensor& out, const at::Tensor& a, const at::Tensor& b,
             bool accumulate) {
  const Profile::Scope scope(profile, Part::kProducts);
  product(out, a, b, accumulate);
  if (profile) profile->count_flops(2 * a.size(0) * a.size(1) * b.size(1));
}

}  // namespace w2s
