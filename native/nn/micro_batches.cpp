#include "micro_batches.h"

#include <algorithm>
#include <functional>
#include <numeric>

namespace w2s {
namespace {

void sort_by_length(std::vector<int64_t>& indices, const std::function<int64_t(int64_t)>& length) {
  std::ranges::stable_sort(indices, std::greater<>(), length);
}

}  // namespace

std::vector<std::vector<int64_t>> plan_micro_batches(const Sequences& sequences, int64_t token_budget,
                                                     int64_t group) {
  const auto example_length = [&](int64_t example) {
    return static_cast<int64_t>(sequences.offsets_B1[(example + 1) * group]) -
           sequences.offsets_B1[example * group];
  };
  std::vector<int64_t> examples(sequences.count() / group);
  std::iota(examples.begin(), examples.end(), 0);
  sort_by_length(examples, example_length);
  std::vector<std::vector<int64_t>> micro_batches;
  int64_t room = 0;
  for (const int64_t example : examples) {
    const int64_t length = example_length(example);
    if (micro_batches.empty() || length > room) {
      micro_batches.emplace_back();
      room = token_budget;
    }
    for (int64_t member = 0; member < group; ++member)
      micro_batches.back().push_back(example * group + member);
    room -= length;
  }
  if (group > 1) {
    for (auto& indices : micro_batches)
      sort_by_length(indices, [&](int64_t sequence) { return sequences.length(sequence); });
  }
  return micro_batches;
}

}  // namespace w2s
