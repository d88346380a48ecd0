#include "attention_layout.h"

#include <ATen/ops/tensor.h>

#include <algorithm>
#include <numeric>

namespace w2s {
namespace {

at::Tensor int32_on(const std::vector<int32_t>& values, const at::Device& device) {
  return at::tensor(values, at::kInt).to(device);
}

// Own rows come in order of the branches, so that without sharing the keys are simply the rows, but for padding.
bool keys_are_rows_in_order(const AttentionLayout& layout) {
  int64_t next = 0;
  for (const Run& run : layout.runs) {
    if (run.first_row != next) return false;
    next += run.count;
  }
  return true;
}

void set_key_rows(AttentionLayout& layout, const at::Device& device) {
  std::vector<int32_t> key_offsets{0};
  std::vector<int64_t> key_rows;
  layout.most_keys = 0;
  for (size_t branch = 0; branch < layout.branches.size(); ++branch) {
    for (int64_t run = layout.run_offsets[branch]; run < layout.run_offsets[branch + 1]; ++run) {
      const size_t filled = key_rows.size();
      key_rows.resize(filled + layout.runs[run].count);
      std::iota(key_rows.begin() + static_cast<std::ptrdiff_t>(filled), key_rows.end(),
                layout.runs[run].first_row);
    }
    layout.most_keys =
        std::max<int64_t>(layout.most_keys, static_cast<int64_t>(key_rows.size()) - key_offsets.back());
    key_offsets.push_back(static_cast<int32_t>(key_rows.size()));
  }
  layout.key_offsets_on_device = int32_on(key_offsets, device);
  if (!keys_are_rows_in_order(layout)) layout.key_rows = at::tensor(key_rows, at::kLong).to(device);
}

}  // namespace

AttentionLayout with_queries(const AttentionLayout& layout, const std::vector<int64_t>& rows,
                             const at::Device& device) {
  AttentionLayout result = layout;
  result.query_offsets = {0};
  result.query_places.clear();
  result.trailing = true;
  result.most_queries = 0;
  auto row = rows.begin();
  for (const Branch& branch : layout.branches) {
    const int64_t end = branch.own.first_row + branch.own.count;
    const int64_t before = result.queries();
    for (; row != rows.end() && *row < end; ++row)
      result.query_places.push_back(static_cast<int32_t>(branch.prefix + *row - branch.own.first_row));
    const int64_t count = result.queries() - before;
    result.most_queries = std::max(result.most_queries, count);
    // Ascending and each once, so it is enough to look at the first.
    if (count > 0 && result.query_places[before] != branch.prefix + branch.own.count - count)
      result.trailing = false;
    result.query_offsets.push_back(result.queries());
  }
  if (!device.is_cpu()) {
    if (!result.key_offsets_on_device.defined()) set_key_rows(result, device);
    result.query_offsets_on_device =
        int32_on({result.query_offsets.begin(), result.query_offsets.end()}, device);
  }
  return result;
}

}  // namespace w2s
