#include "attention_layout.h"

#include <algorithm>
#include <numeric>

namespace w2s {
namespace {

// Places of a branch's path before and with its last query's; 0 without queries.
int64_t seen_places(const AttentionLayout& layout, size_t branch) {
  const int64_t end = layout.query_offsets[branch + 1];
  return end == layout.query_offsets[branch] ? 0 : layout.query_places[end - 1] + 1;
}

void append_rows(const AttentionLayout& layout, size_t branch, int64_t places, std::vector<int64_t>& rows) {
  for (int64_t run = layout.run_offsets[branch]; run < layout.run_offsets[branch + 1] && places > 0; ++run) {
    const int64_t count = std::min(places, layout.runs[run].count);
    const auto filled = static_cast<std::ptrdiff_t>(rows.size());
    rows.resize(rows.size() + static_cast<size_t>(count));
    std::iota(rows.begin() + filled, rows.end(), layout.runs[run].first_row);
    places -= count;
  }
}

// Whether row i stands at i.
bool in_order(const std::vector<int64_t>& rows) {
  for (size_t i = 0; i < rows.size(); ++i) {
    if (rows[i] != static_cast<int64_t>(i)) return false;
  }
  return true;
}

}  // namespace

AttentionLayout with_queries(const AttentionLayout& layout, const std::vector<int64_t>& rows) {
  AttentionLayout result;
  result.branches = layout.branches;
  result.runs = layout.runs;
  result.run_offsets = layout.run_offsets;
  result.rows = layout.rows;
  result.query_offsets = {0};
  auto row = rows.begin();
  for (const Branch& branch : layout.branches) {
    const int64_t end = branch.own.first_row + branch.own.count;
    for (; row != rows.end() && *row < end; ++row)
      result.query_places.push_back(static_cast<int32_t>(branch.prefix + *row - branch.own.first_row));
    result.query_offsets.push_back(result.queries());
  }
  return result;
}

void add_kernel_offsets(AttentionLayout& layout, BatchUpload& upload) {
  std::vector<int32_t> key_offsets{0};
  std::vector<int64_t> key_rows;
  layout.trailing = true;
  layout.most_queries = layout.most_keys = 0;
  for (size_t branch = 0; branch < layout.branches.size(); ++branch) {
    const int64_t first = layout.query_offsets[branch];
    const int64_t queries = layout.query_offsets[branch + 1] - first;
    const int64_t keys = seen_places(layout, branch);
    // Places ascend and each comes once, so it is enough to look at the first.
    if (queries > 0 && layout.query_places[first] != keys - queries) layout.trailing = false;
    append_rows(layout, branch, keys, key_rows);
    key_offsets.push_back(static_cast<int32_t>(key_rows.size()));
    layout.most_queries = std::max(layout.most_queries, queries);
    layout.most_keys = std::max(layout.most_keys, keys);
  }
  layout.keys = static_cast<int64_t>(key_rows.size());
  upload.add(layout.query_offsets_on_device,
             std::vector<int32_t>(layout.query_offsets.begin(), layout.query_offsets.end()));
  upload.add(layout.key_offsets_on_device, std::move(key_offsets));
  if (in_order(key_rows)) {
    layout.key_rows = at::Tensor();
  } else {
    upload.add(layout.key_rows, std::move(key_rows));
  }
}

}  // namespace w2s
