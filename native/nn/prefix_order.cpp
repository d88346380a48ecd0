#include "prefix_order.h"

#include <algorithm>

namespace w2s {
namespace {

constexpr int64_t kLeastShared = 4;
constexpr int64_t kLeastShare = 8;  // one part in so many

}  // namespace

int64_t shared_tokens(const Sequences& sequences, int64_t earlier, int64_t later) {
  const auto a = sequences.tokens_L(earlier), b = sequences.tokens_L(later);
  const int64_t common = std::ranges::mismatch(a, b).in2 - b.begin();
  const auto length = static_cast<int64_t>(b.size());
  const bool pays = common >= std::min(kLeastShared, length) && common * kLeastShare >= length;
  return pays ? common : 0;
}

PrefixOrder prefix_order(const Sequences& sequences, std::vector<int64_t> indices) {
  std::ranges::sort(indices, [&](int64_t a, int64_t b) {
    const auto tokens_a = sequences.tokens_L(a), tokens_b = sequences.tokens_L(b);
    const auto order = std::lexicographical_compare_three_way(tokens_a.begin(), tokens_a.end(),
                                                              tokens_b.begin(), tokens_b.end());
    return order != 0 ? order < 0 : a < b;
  });
  PrefixOrder result{std::move(indices), {}};
  for (size_t i = 0; i < result.sequences.size(); ++i)
    result.shared.push_back(i == 0 ? 0
                                   : shared_tokens(sequences, result.sequences[i - 1], result.sequences[i]));
  return result;
}

}  // namespace w2s
