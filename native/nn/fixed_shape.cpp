#include "fixed_shape.h"

#include <algorithm>
#include <bit>
#include <numeric>

#include "../round_up.h"

namespace w2s {
namespace {

constexpr int64_t kMostRows = 8192;
// Rows are rounded up to a multiple of this, or of a sixteenth of the power of two below them.
constexpr int64_t kLeastStep = 64;
constexpr int64_t kSteps = 16;
// Sequences are rounded up to a multiple of this, and one more, so that there always is one to take the rows that are
// added.
constexpr int64_t kSequences = 16;
constexpr int64_t kLeastLongest = 64;

int64_t power_of_two_from(int64_t number) {
  return static_cast<int64_t>(std::bit_ceil(static_cast<uint64_t>(number)));
}

int64_t step_of(int64_t rows) {
  return std::max(kLeastStep, static_cast<int64_t>(std::bit_floor(static_cast<uint64_t>(rows))) / kSteps);
}

}  // namespace

std::optional<FixedShape> fixed_shape(const Sequences& sequences, const std::vector<int64_t>& indices_B,
                                      int64_t context_length) {
  int64_t tokens = 0, longest = 1;
  for (const int64_t index : indices_B) {
    tokens += sequences.length(index);
    longest = std::max(longest, sequences.length(index));
  }
  if (indices_B.empty() || tokens > kMostRows) return std::nullopt;
  const auto count = static_cast<int64_t>(indices_B.size());
  FixedShape shape;
  shape.sequences = round_up(count, kSequences) + 1;
  const int64_t filling = shape.sequences - count;
  shape.rows = round_up(tokens + filling, step_of(tokens + filling));
  const int64_t longest_filling = (shape.rows - tokens + filling - 1) / filling;
  if (longest_filling > context_length) return std::nullopt;
  shape.longest = power_of_two_from(std::max({longest, longest_filling, kLeastLongest}));
  return shape;
}

PackedBatch pack_to(const FixedShape& shape, const Sequences& sequences,
                    const std::vector<int64_t>& indices_B, const UploadTarget& target) {
  Sequences filled;
  filled.offsets_B1 = {0};
  for (const int64_t index : indices_B) {
    const auto tokens_L = sequences.tokens_L(index);
    filled.tokens_N.insert(filled.tokens_N.end(), tokens_L.begin(), tokens_L.end());
    filled.offsets_B1.push_back(static_cast<int32_t>(filled.tokens_N.size()));
  }
  const auto asked_for = static_cast<int64_t>(filled.tokens_N.size());
  // The rows that are missing, shared out among the sequences that are.
  for (int64_t left = shape.sequences - filled.count(); left > 0; --left) {
    const int64_t missing = shape.rows - static_cast<int64_t>(filled.tokens_N.size());
    filled.tokens_N.resize(filled.tokens_N.size() + (missing + left - 1) / left, 0);
    filled.offsets_B1.push_back(static_cast<int32_t>(filled.tokens_N.size()));
  }
  for (int64_t sequence = 0; sequence < filled.count(); ++sequence)
    filled.target_starts_B.push_back(static_cast<int32_t>(std::max<int64_t>(1, filled.length(sequence))));
  std::vector<int64_t> every(filled.count());
  std::iota(every.begin(), every.end(), 0);
  PackedBatch batch = pack(filled, every, {.reading = Reading::kLastToken, .with_offsets = true}, target);
  batch.padding_rows = shape.rows - asked_for;
  batch.all.most_queries = batch.all.most_keys = batch.read.most_keys = shape.longest;
  return batch;
}

}  // namespace w2s
