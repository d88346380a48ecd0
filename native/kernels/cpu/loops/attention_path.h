// What forward and backward of attention share: where scratch memory lies, and the scores of a block of queries.
//
// A task is one tree and one key-value head. Its keys are laid out transposed, so that scores come a vector of keys at
// a time; of each branch a block of queries is taken at a time, with all keys that the block sees. Keys are numbered by
// their place on the branch's path: places [0, prefix + own).
#pragma once

#include "tile.h"

namespace w2s::loops::W2S_LOOPS {

// Scores of a block: at most so many floats, so that they stay in the second cache; and at most so many queries.
inline constexpr int64_t kBlockFloats = 1 << 15;
inline constexpr int64_t kMostBlockRows = 8 * kTileRows;

/// Strides of scratch memory. Odd multiples of a cache line: powers of two would fall on few sets of the cache.
inline int64_t scratch_stride(int64_t count) {
  const int64_t lines = round_up(count, 16) / 16;
  return 16 * (lines | 1);
}
inline int64_t block_rows(int64_t most_keys) {
  const int64_t fitting = kBlockFloats / (most_keys < 1 ? 1 : most_keys) / kTileRows * kTileRows;
  return fitting < kTileRows ? kTileRows : fitting > kMostBlockRows ? kMostBlockRows : fitting;
}

/// Parts of a task's scratch memory.
struct Scratch {
  int64_t width;                   // floats of a row of one head: head_dim in whole vectors
  int64_t key_stride;              // of the transposed
  int64_t score_stride;            // of scores
  int64_t block;                   // queries
  float *keys_ER, *values_ER;      // transposed, [head_dim, key_stride]; values: backward
  float *keys_RE, *values_RE;      // [rows, width]; used where rows cannot be read in place
  float *d_keys_RE, *d_values_RE;  // backward
  float *scores, *d_scores;        // [block, score_stride]; d_scores: backward
  float *q, *d_out, *out;          // [block, width]
  int64_t floats;                  // of all
};

inline Scratch lay_out(float* memory, const AttentionSizes& sizes) {
  Scratch s{};
  s.width = round_up(sizes.head_dim, kLanes);
  s.key_stride = scratch_stride(sizes.rows + kLanes);
  s.score_stride = scratch_stride(sizes.most_keys + kTileVectors * kLanes);
  s.block = block_rows(sizes.most_keys);
  int64_t used = 0;
  const auto take = [&](int64_t floats) {
    float* const place = memory ? memory + used : nullptr;
    used += round_up(floats, 16);
    return place;
  };
  const int64_t transposed = sizes.head_dim * s.key_stride + kTileVectors * kLanes,
                rows = sizes.rows * s.width;
  s.keys_ER = take(transposed);
  s.keys_RE = take(rows);
  s.values_RE = take(rows);
  s.scores = take(s.block * s.score_stride);
  s.q = take(s.block * s.width);
  s.out = take(s.block * s.width);
  if (sizes.backward) {
    s.values_ER = take(transposed);
    s.d_keys_RE = take(rows);
    s.d_values_RE = take(rows);
    s.d_scores = take(s.block * s.score_stride);
    s.d_out = take(s.block * s.width);
  }
  s.floats = used;
  return s;
}

/// Rows of one head as float32 in whole vectors: in place where they lie like that, else copied.
inline Rows in_vectors(const float* from, int64_t stride, int64_t rows, int64_t columns, float* copy) {
  if (columns % kLanes == 0) return {from, stride};
  const int64_t width = round_up(columns, kLanes);
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t c = 0; c < columns; c += kLanes)
      store(copy + r * width + c, load_up_to(from + r * stride + c, columns - c));
  }
  return {copy, width};
}
inline Rows in_vectors(const Bfloat16* from, int64_t stride, int64_t rows, int64_t columns, float* copy) {
  const int64_t width = round_up(columns, kLanes);
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t c = 0; c < columns; c += kLanes)
      store(copy + r * width + c, load_up_to(from + r * stride + c, columns - c));
  }
  return {copy, width};
}

/// Rows of float32 to where they belong, times `factor`.
template <class T>
inline void store_row(T* to, const float* from, int64_t columns, float factor) {
  for (int64_t c = 0; c < columns; c += kLanes) store_up_to(to + c, load(from + c) * factor, columns - c);
}

/// Queries [first, first + count) of a branch and the places [low, high) that any of them sees.
struct Block {
  int64_t first = 0, count = 0;
  int64_t low = 0, high = 0;
};

inline int64_t first_seen(int64_t place, int64_t window) {
  return window > 0 && place >= window ? place - window + 1 : 0;
}

/// The part of a run within places [low, high): rows of the tree, and the place of the first.
struct Piece {
  int64_t row = 0, place = 0, count = 0;
};

/// Calls `visit` with each piece of the branch's path within [low, high), in order.
template <class T, class Visit>
inline void for_each_piece(const AttentionTask<T>& task, int64_t branch, int64_t low, int64_t high,
                           Visit visit) {
  int64_t place = 0;
  for (int64_t index = task.run_offsets[branch]; index < task.run_offsets[branch + 1] && place < high;
       ++index) {
    const Run& run = task.runs[index];
    const int64_t from = place > low ? place : low;
    const int64_t to = place + run.count < high ? place + run.count : high;
    if (from < to) visit(Piece{run.first_row - task.first_row + from - place, from, to - from});
    place += run.count;
  }
}

template <class T>
inline Block make_block(const AttentionTask<T>& task, int64_t first, int64_t end) {
  return {first, end - first, first_seen(task.query_places[first], task.window),
          task.query_places[end - 1] + 1};
}

/// products[i][p − low] = rows i of `left` · column p of `transposed`, for the places that each group of kTileRows rows
/// sees. Other entries hold anything.
template <class T>
inline void multiply_by_path(const AttentionTask<T>& task, int64_t branch, const Block& block, Rows left,
                             const float* transposed, const Scratch& scratch, float* products) {
  for (int64_t i = 0; i < block.count; i += kTileRows) {
    const int64_t count = block.count - i < kTileRows ? block.count - i : kTileRows;
    const int64_t low = first_seen(task.query_places[block.first + i], task.window);
    const int64_t high = task.query_places[block.first + i + count - 1] + 1;
    // Ascending: what a piece writes past its end, the next one overwrites.
    for_each_piece(task, branch, low, high, [&](const Piece& piece) {
      multiply<false>({left.data + i * left.stride, left.stride, 1},
                      {transposed + piece.row, scratch.key_stride},
                      {products + i * scratch.score_stride + piece.place - block.low, scratch.score_stride},
                      count, task.head_dim, piece.count);
    });
  }
}

/// sums[i] = Σ_p weights[i][p − low] · row p of `rows`, over the places that each group of kTileRows queries sees;
/// weights of places that a query does not see are 0 there.
template <class T>
inline void sum_over_path(const AttentionTask<T>& task, int64_t branch, const Block& block,
                          const float* weights, Rows rows, const Scratch& scratch, float* sums) {
  for (int64_t i = 0; i < block.count; i += kTileRows) {
    const int64_t count = block.count - i < kTileRows ? block.count - i : kTileRows;
    const int64_t low = first_seen(task.query_places[block.first + i], task.window);
    const int64_t high = task.query_places[block.first + i + count - 1] + 1;
    bool begun = false;
    for_each_piece(task, branch, low, high, [&](const Piece& piece) {
      const Entries a{weights + i * scratch.score_stride + piece.place - block.low, scratch.score_stride, 1};
      const Rows b{rows.data + piece.row * rows.stride, rows.stride};
      const MutableRows c{sums + i * scratch.width, scratch.width};
      if (begun) {
        multiply<true>(a, b, c, count, piece.count, task.head_dim);
      } else {
        multiply<false>(a, b, c, count, piece.count, task.head_dim);
      }
      begun = true;
    });
  }
}

inline void set_zero(float* from, int64_t count) {
  for (int64_t i = 0; i < count; ++i) from[i] = 0.0f;
}

}  // namespace w2s::loops::W2S_LOOPS
