#include "micro_batches.h"

#include <algorithm>
#include <numeric>

namespace w2s {

std::vector<std::vector<int64_t>> plan_micro_batches(const Sequences& sequences, int64_t token_budget) {
  std::vector<int64_t> order(sequences.count());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](int64_t a, int64_t b) { return sequences.length(a) > sequences.length(b); });
  std::vector<std::vector<int64_t>> micro_batches;
  int64_t room = 0;
  for (const int64_t index : order) {
    const int64_t length = sequences.length(index);
    if (micro_batches.empty() || length > room) {
      micro_batches.emplace_back();
      room = token_budget;
    }
    micro_batches.back().push_back(index);
    room -= length;
  }
  return micro_batches;
}

}  // namespace w2s
