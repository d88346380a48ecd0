#include "packed.h"

#include <algorithm>
#include <numeric>
#include <unordered_map>
#include <utility>

#include "prefix_order.h"

namespace w2s {
namespace {

// Rounding pads fewer rows than one in so many.
constexpr int64_t kLeastRowsToRound = 16;

// The rows of one sequence's tokens, in order.
using Path = std::vector<Run>;

int64_t row_at(const Path& path, int64_t place) {
  for (const Run& run : path) {
    if (place < run.count) return run.first_row + place;
    place -= run.count;
  }
  return -1;  // no such place
}

// The first `places` places of a path. Runs that follow each other become one.
Path beginning(const Path& path, int64_t places) {
  Path result;
  for (const Run& run : path) {
    const int64_t count = std::min(places, run.count);
    if (count == 0) break;
    if (!result.empty() && result.back().first_row + result.back().count == run.first_row) {
      result.back().count += count;
    } else {
      result.push_back({run.first_row, count});
    }
    places -= count;
  }
  return result;
}

// Sequences in the order of their rows, and what each takes from the one before it. Trees keep the caller's order,
// by the first of their members there, so that a batch in which nothing is shared is the same with sharing on.
PrefixOrder row_order(const Sequences& sequences, const std::vector<int64_t>& indices_B, bool share) {
  PrefixOrder in_order{indices_B, std::vector<int64_t>(indices_B.size(), 0)};
  if (!share) return in_order;
  const PrefixOrder sorted = prefix_order(sequences, indices_B);
  if (std::ranges::all_of(sorted.shared, [](int64_t shared) { return shared == 0; })) return in_order;
  std::unordered_map<int64_t, size_t> tree_of;
  std::vector<std::pair<size_t, size_t>> trees;  // [from, to) of `sorted`
  for (size_t i = 0; i < sorted.sequences.size(); ++i) {
    if (sorted.shared[i] == 0) trees.emplace_back(i, i);
    trees.back().second = i + 1;
    tree_of[sorted.sequences[i]] = trees.size() - 1;
  }
  PrefixOrder result;
  for (const int64_t index : indices_B) {
    auto& [from, to] = trees[tree_of[index]];
    for (; from < to; ++from) {
      result.sequences.push_back(sorted.sequences[from]);
      result.shared.push_back(sorted.shared[from]);
    }
  }
  return result;
}

struct Rows {
  std::vector<int64_t> tokens_N, positions_N;
  std::unordered_map<int64_t, Path> path_of;  // by sequence

  int64_t count() const { return static_cast<int64_t>(tokens_N.size()); }
};

Rows lay_rows(const Sequences& sequences, const PrefixOrder& order, AttentionLayout& layout) {
  Rows rows;
  const Path* before = nullptr;
  int64_t tree = -1;
  for (size_t i = 0; i < order.sequences.size(); ++i) {
    const int64_t sequence = order.sequences[i], shared = order.shared[i];
    const auto tokens_L = sequences.tokens_L(sequence);
    const Run own{rows.count(), static_cast<int64_t>(tokens_L.size()) - shared};
    if (shared == 0) ++tree;
    Path path = shared == 0 ? Path{} : beginning(*before, shared);
    if (own.count > 0) {
      path.push_back(own);
      layout.branches.push_back({own, shared, tree});
      layout.run_offsets.push_back(static_cast<int64_t>(layout.runs.size()));
      layout.runs.insert(layout.runs.end(), path.begin(), path.end());
    }
    for (size_t position = shared; position < tokens_L.size(); ++position) {
      rows.tokens_N.push_back(tokens_L[position]);
      rows.positions_N.push_back(static_cast<int64_t>(position));
    }
    before = &(rows.path_of[sequence] = std::move(path));
  }
  layout.run_offsets.push_back(static_cast<int64_t>(layout.runs.size()));
  return rows;
}

// Rows that nobody reads, as one more branch: kernels know of nothing else.
void add_padding(Rows& rows, int64_t count, AttentionLayout& layout) {
  if (count == 0) return;
  const Run own{rows.count(), count};
  rows.tokens_N.resize(rows.tokens_N.size() + count, 0);
  rows.positions_N.resize(rows.tokens_N.size(), 0);
  layout.branches.push_back({own, 0, layout.branches.empty() ? 0 : layout.branches.back().tree + 1});
  layout.runs.push_back(own);
  layout.run_offsets.push_back(static_cast<int64_t>(layout.runs.size()));
}

std::vector<LengthGroup> length_groups(const AttentionLayout& layout) {
  std::vector<LengthGroup> groups;
  for (const Branch& branch : layout.branches) {
    if (groups.empty() || groups.back().length != branch.own.count)
      groups.push_back({branch.own.first_row, 0, branch.own.count});
    groups.back().count += 1;
  }
  return groups;
}

// Rows that are read, each once and ascending, and the place of each reader's row among them.
void set_reads(PackedBatch& batch, const std::vector<int64_t>& rows_of_readers, BatchUpload& upload) {
  std::vector<int64_t> rows_R = rows_of_readers;
  std::ranges::sort(rows_R);
  rows_R.erase(std::ranges::unique(rows_R).begin(), rows_R.end());
  std::vector<int64_t> reads;
  reads.reserve(rows_of_readers.size());
  for (const int64_t row : rows_of_readers)
    reads.push_back(std::ranges::lower_bound(rows_R, row) - rows_R.begin());
  batch.read = with_queries(batch.all, rows_R);
  upload.add(batch.read_rows_R, std::move(rows_R));
  upload.add(batch.reads, std::move(reads));
}

// Targets and the rows that are read, sequence by sequence.
void set_readers(PackedBatch& batch, const Sequences& sequences, const Rows& rows, BatchUpload& upload) {
  std::vector<int64_t> targets_T, segments_T, rows_of_readers;
  for (const int64_t index : batch.indices_B) {
    const auto tokens_L = sequences.tokens_L(index);
    const auto length = static_cast<int64_t>(tokens_L.size());
    const Path& path = rows.path_of.at(index);
    for (int64_t position = sequences.target_starts_B[index]; position < length; ++position) {
      targets_T.push_back(tokens_L[position]);
      if (batch.reading == Reading::kTargets) rows_of_readers.push_back(row_at(path, position - 1));
    }
    segments_T.resize(targets_T.size(), static_cast<int64_t>(batch.target_counts_B.size()));
    batch.target_counts_B.push_back(std::max<int64_t>(0, sequences.targets(index)));
    if (batch.reading == Reading::kLastToken) rows_of_readers.push_back(row_at(path, length - 1));
  }
  upload.add(batch.targets_T, std::move(targets_T));
  upload.add(batch.segments_T, std::move(segments_T));
  set_reads(batch, rows_of_readers, upload);
}

}  // namespace

PackedBatch pack(const Sequences& sequences, const std::vector<int64_t>& indices_B,
                 const PackOptions& options, const UploadTarget& target) {
  PackedBatch batch;
  BatchUpload upload(target);
  batch.indices_B = indices_B;
  batch.reading = options.reading;
  const PrefixOrder order = row_order(sequences, indices_B, options.share_prefixes);
  Rows rows = lay_rows(sequences, order, batch.all);
  const bool nothing_shared = std::ranges::all_of(order.shared, [](int64_t shared) { return shared == 0; });
  const int64_t beyond = rows.count() % options.round_rows_to;
  if (beyond != 0 && rows.count() >= kLeastRowsToRound * options.round_rows_to)
    batch.padding_rows = options.round_rows_to - beyond;
  add_padding(rows, batch.padding_rows, batch.all);
  if (nothing_shared) batch.groups = length_groups(batch.all);
  std::vector<int64_t> every_row(rows.count());
  std::iota(every_row.begin(), every_row.end(), 0);
  batch.all.rows = rows.count();
  batch.all = with_queries(batch.all, every_row);
  set_readers(batch, sequences, rows, upload);
  upload.add(batch.tokens_N, std::move(rows.tokens_N));
  upload.add(batch.positions_N, std::move(rows.positions_N));
  if (options.with_offsets || !target.device.is_cpu()) {
    add_kernel_offsets(batch.all, upload);
    add_kernel_offsets(batch.read, upload);
  }
  batch.arrays = upload.send();
  return batch;
}

}  // namespace w2s
