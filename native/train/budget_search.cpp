#include "budget_search.h"

#include <algorithm>
#include <exception>
#include <optional>

#include "../out_of_memory.h"

namespace w2s {
namespace {

constexpr double kWorthIt = 1.03;

}  // namespace

int64_t search_budget(int64_t least, int64_t most, const std::function<Trial(int64_t tokens)>& try_tokens,
                      const std::function<void()>& clean_up) {
  int64_t best = 0;
  double best_rate = 0.0;
  for (int64_t tokens = least;; tokens = std::min(2 * tokens, most)) {
    std::optional<Trial> trial;
    try {
      try_tokens(tokens);  // kernels and memory are looked for in the first run
      trial = try_tokens(tokens);
    } catch (...) {
      if (best == 0 || !is_out_of_memory(std::current_exception())) throw;
    }
    clean_up();
    if (!trial) return best - best / 8;  // close to the edge memory is too fragmented to fit what once did
    const double rate = static_cast<double>(trial->tokens) / std::max(trial->seconds, 1e-9);
    if (rate < kWorthIt * best_rate) return best;
    best = tokens;
    best_rate = rate;
    if (tokens >= most) return best;
  }
}

}  // namespace w2s
