// From tensors to the raw memory that loops read, and the table of loops for this machine.
#pragma once

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>

#include <algorithm>
#include <string_view>
#include <type_traits>

#include "loops/loops.h"

namespace w2s::cpu {

/// The loops for the vector instructions that libtorch uses here; ATEN_CPU_CAPABILITY chooses fewer.
inline const loops::Tables& tables() {
#if defined(__x86_64__)
  const std::string_view capability = at::get_cpu_capability();
  if (capability == "AVX512") return loops::avx512::tables();
  if (capability == "AVX2") return loops::avx2::tables();
#endif
  return loops::baseline::tables();
}

template <class T>
const loops::Table<T>& table() {
  if constexpr (std::is_same_v<T, float>) {
    return tables().f32;
  } else {
    return tables().bf16;
  }
}

/// Calls `run(T{})` with the element type of an activation.
template <class Run>
decltype(auto) by_dtype(const at::Tensor& activation, Run run) {
  TORCH_CHECK(activation.is_cpu(), "Expected a tensor on the CPU for its kernels.");
  if (activation.scalar_type() == at::kBFloat16) return run(loops::Bfloat16{});
  TORCH_CHECK(activation.scalar_type() == at::kFloat,
              "Expected float32 or bfloat16 for a kernel on the CPU.");
  return run(float{});
}

/// Null for an undefined tensor. The tensor's rows are read as they lie.
template <class T>
const T* read(const at::Tensor& tensor) {
  return tensor.defined() ? static_cast<const T*>(tensor.const_data_ptr()) : nullptr;
}
template <class T>
T* write(const at::Tensor& tensor) {
  return tensor.defined() ? static_cast<T*>(tensor.mutable_data_ptr()) : nullptr;
}

/// Calls `run(first row, rows)` on the threads; a share is at least some microseconds of work.
template <class Run>
void share_rows(int64_t rows, int64_t columns, Run run) {
  constexpr int64_t kLeastElements = 1 << 14;
  const int64_t grain = std::max<int64_t>(1, kLeastElements / std::max<int64_t>(1, columns));
  at::parallel_for(0, rows, grain, [&](int64_t begin, int64_t end) { run(begin, end - begin); });
}

/// Adds up over rows: `run(first row, rows, sums)` adds to sums [width] of a part's own; the parts are then added in
/// order. Their number depends on the shape alone, so the number of threads changes nothing.
template <class Run>
class PartialSums {
 public:
  PartialSums(int64_t rows, int64_t width, Run run) : width_(width) {
    constexpr int64_t kLeastRows = 32, kMostParts = 64;
    const int64_t part_rows = std::max(kLeastRows, (rows + kMostParts - 1) / kMostParts);
    const int64_t parts = (rows + part_rows - 1) / part_rows;
    parts_ = at::empty({parts, width}, at::kFloat);
    auto* memory = write<float>(parts_);
    at::parallel_for(0, parts, 1, [&](int64_t begin, int64_t end) {
      for (int64_t part = begin; part < end; ++part) {
        float* sums = memory + part * width;
        std::fill_n(sums, width, 0.0f);
        const int64_t first = part * part_rows;
        run(first, std::min(part_rows, rows - first), sums);
      }
    });
  }

  /// sums += columns [offset, offset + sums.numel()) of the parts.
  void add_to(const at::Tensor& sums, int64_t offset = 0) const {
    if (!sums.defined()) return;
    TORCH_CHECK(sums.scalar_type() == at::kFloat && sums.is_contiguous(),
                "Expected contiguous float32 sums.");
    tables().f32.add_column_sums(
        {read<float>(parts_) + offset, width_, write<float>(sums), parts_.size(0), sums.numel()});
  }

 private:
  int64_t width_;
  at::Tensor parts_;
};

}  // namespace w2s::cpu
