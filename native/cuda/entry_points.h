// The functions of w2s_cuda.h as a table. The main addon links no CUDA: it finds each by its name in the library
// that it opens, and hands the table to whoever calls them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "w2s_cuda.h"

/// Every function of w2s_cuda.h but its revision, without the prefix `w2s_cuda_`.
#define W2S_CUDA_ENTRY_POINTS(X) \
  X(device_count)                \
  X(describe)                    \
  X(probe)                       \
  X(activation)                  \
  X(activation_backward)         \
  X(gated)                       \
  X(gated_backward)              \
  X(residual_norm)               \
  X(norm_backward)               \
  X(add_residual)                \
  X(add_column_sums)             \
  X(rotate)                      \
  X(score_chunk)                 \
  X(confidence)                  \
  X(graph_pool)                  \
  X(graph_begin)                 \
  X(graph_end)                   \
  X(graph_launch)                \
  X(graph_free)

namespace w2s {

struct CudaEntryPoints {
#define W2S_CUDA_MEMBER(name) decltype(&w2s_cuda_##name) name = nullptr;
  W2S_CUDA_ENTRY_POINTS(W2S_CUDA_MEMBER)
#undef W2S_CUDA_MEMBER
};

/// Runs `call(error, size)` of a function of the table; what went wrong, in one line.
template <class Call>
std::optional<std::string> failure_of(const Call& call) {
  char reason[2048] = "no reason";
  const std::int32_t code = call(reason, sizeof reason);
  if (code == 0) return std::nullopt;
  const std::string text = reason;
  return text.substr(0, text.find('\n'));
}

}  // namespace w2s
