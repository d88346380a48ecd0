#include "product.h"

#include <ATen/ops/addmm.h>
#include <ATen/ops/mm.h>

namespace w2s {

void product(const at::Tensor& out, const at::Tensor& a, const at::Tensor& b, bool accumulate) {
  if (out.stride(1) != 1 && out.stride(0) == 1) return product(out.t(), b.t(), a.t(), accumulate);
  at::Tensor result = out;
  if (out.scalar_type() != a.scalar_type()) {
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

}  // namespace w2s
