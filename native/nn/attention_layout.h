// Which rows a query sees: the layout that every attention kernel reads.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "runs.h"
#include "upload.h"

namespace w2s {

/// Rows that are computed once. Without sharing a branch is a sequence. Sequences that begin alike form a tree:
/// a branch then holds the rows of one sequence that no earlier one has, and sees before them the first
/// `prefix` rows of that path.
struct Branch {
  Run own;
  int64_t prefix = 0;  // tokens before its own; the position of its first own row
  int64_t tree = 0;    // branches of one tree are neighbours; trees share no row
};

/// The queries of one attention call, branch by branch, and what each of them sees.
struct AttentionLayout {
  std::vector<Branch> branches;
  /// The path of each branch in order of position: runs [run_offsets[b], run_offsets[b + 1]). The last is its own
  /// rows, and the counts sum to prefix + own.count.
  std::vector<Run> runs;
  std::vector<int64_t> run_offsets;
  /// Query rows [query_offsets[b], query_offsets[b + 1]) belong to branch b.
  std::vector<int64_t> query_offsets;
  /// Place of each query on its branch's path, ascending within a branch: query q sees places 0 … q.
  std::vector<int32_t> query_places;
  int64_t rows = 0;  // of keys and values

  // For kernels that take offsets, which `add_kernel_offsets` sets: branch by branch the queries, and the keys up to
  // its last query's own. A branch without queries has neither.
  at::Tensor key_rows;  // int64: rows of keys, branch by branch; undefined: they are the first rows, in order
  at::Tensor query_offsets_on_device;  // int32 [branches + 1]; undefined: not set
  at::Tensor key_offsets_on_device;    // int32 [branches + 1]
  int64_t keys = 0;                    // the last key offset
  int64_t most_queries = 0;            // of one branch
  int64_t most_keys = 0;
  /// Whether the queries of each branch are neighbours, and so the last of those keys, as a causal mask that is
  /// aligned at the bottom right has it.
  bool trailing = true;

  int64_t queries() const { return static_cast<int64_t>(query_places.size()); }
};

/// The same branches with other queries: `rows`, ascending, each a row of some branch's own. Without offsets.
AttentionLayout with_queries(const AttentionLayout& layout, const std::vector<int64_t>& rows);

/// Sets what kernels that take offsets need; the tensors are there once the upload is sent.
void add_kernel_offsets(AttentionLayout& layout, BatchUpload& upload);

}  // namespace w2s
