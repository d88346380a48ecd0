#include "micro_batch_budget.h"

#include <algorithm>

namespace w2s {

int64_t halved_budget(int64_t budget, const Sequences& sequences, int64_t group) {
  int64_t longest = 0;
  for (int64_t first = 0; first + group <= sequences.count(); first += group)
    longest = std::max<int64_t>(longest, sequences.offsets_B1[first + group] - sequences.offsets_B1[first]);
  const int64_t largest =
      std::min<int64_t>(budget, sequences.offsets_B1.back() - sequences.offsets_B1.front());
  return largest <= longest ? budget : std::max(longest, largest / 2);
}

}  // namespace w2s
