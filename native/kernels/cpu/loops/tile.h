// Small matrix products and transposition, in registers, for attention.
#pragma once

#include "vectors.h"

namespace w2s::loops::W2S_LOOPS {

// Rows × vectors of a tile: as many accumulators as leave registers for what is multiplied.
#if defined(__AVX512F__) || defined(__aarch64__)
inline constexpr int kTileRows = 6, kTileVectors = 4;
#elif defined(__AVX2__)
inline constexpr int kTileRows = 6, kTileVectors = 2;
#else
inline constexpr int kTileRows = 3, kTileVectors = 4;
#endif

/// A matrix whose entries are read one by one: entry (i, j) is data[i · row + j · column].
struct Entries {
  const float* data;
  int64_t row, column;
};

/// A matrix whose rows are read in whole vectors.
struct Rows {
  const float* data;
  int64_t stride;
};

struct MutableRows {
  float* data;
  int64_t stride;
};

inline constexpr int64_t round_up(int64_t value, int64_t step) { return (value + step - 1) / step * step; }

// C [rows, vectors · kLanes] (+)= A [rows, depth] · B [depth, vectors · kLanes]
template <int rows, int vectors, bool accumulate>
inline void multiply_tile(Entries a, Rows b, MutableRows c, int64_t depth) {
  Floats sums[rows][vectors];
#pragma GCC unroll 8
  for (int i = 0; i < rows; ++i) {
#pragma GCC unroll 8
    for (int v = 0; v < vectors; ++v)
      sums[i][v] = accumulate ? load(c.data + i * c.stride + v * kLanes) : Floats{};
  }
  for (int64_t j = 0; j < depth; ++j) {
    Floats b_j[vectors];
#pragma GCC unroll 8
    for (int v = 0; v < vectors; ++v) b_j[v] = load(b.data + j * b.stride + v * kLanes);
#pragma GCC unroll 8
    for (int i = 0; i < rows; ++i) {
      const Floats a_ij = all(a.data[i * a.row + j * a.column]);
#pragma GCC unroll 8
      for (int v = 0; v < vectors; ++v) sums[i][v] += a_ij * b_j[v];
    }
  }
#pragma GCC unroll 8
  for (int i = 0; i < rows; ++i) {
#pragma GCC unroll 8
    for (int v = 0; v < vectors; ++v) store(c.data + i * c.stride + v * kLanes, sums[i][v]);
  }
}

template <int rows, bool accumulate>
inline void multiply_rows(Entries a, Rows b, MutableRows c, int64_t depth, int64_t columns) {
  while (columns > 0) {
    const int64_t vectors = (columns + kLanes - 1) / kLanes;
    int64_t done = kTileVectors;
    if (vectors >= kTileVectors) {
      multiply_tile<rows, kTileVectors, accumulate>(a, b, c, depth);
    } else if (vectors == 3) {
      done = 3;
      multiply_tile<rows, 3, accumulate>(a, b, c, depth);
    } else if (vectors == 2) {
      done = 2;
      multiply_tile<rows, 2, accumulate>(a, b, c, depth);
    } else {
      done = 1;
      multiply_tile<rows, 1, accumulate>(a, b, c, depth);
    }
    columns -= done * kLanes;
    b.data += done * kLanes;
    c.data += done * kLanes;
  }
}

/// C [rows, columns] (+)= A [rows, depth] · B [depth, columns] for at most kTileRows rows. Columns are written in whole
/// vectors: B can be read and C be written up to the next multiple of kLanes.
template <bool accumulate>
inline void multiply(Entries a, Rows b, MutableRows c, int64_t rows, int64_t depth, int64_t columns) {
  switch (rows) {
    case 1:
      return multiply_rows<1, accumulate>(a, b, c, depth, columns);
    case 2:
      return multiply_rows<2, accumulate>(a, b, c, depth, columns);
    case 3:
      return multiply_rows<3, accumulate>(a, b, c, depth, columns);
    case 4:
      return multiply_rows<(kTileRows < 4 ? kTileRows : 4), accumulate>(a, b, c, depth, columns);
    case 5:
      return multiply_rows<(kTileRows < 5 ? kTileRows : 5), accumulate>(a, b, c, depth, columns);
    default:
      return multiply_rows<kTileRows, accumulate>(a, b, c, depth, columns);
  }
}

template <int... lane>
struct Lanes {};
template <int count, int... lane>
struct FirstLanes : FirstLanes<count - 1, count - 1, lane...> {};
template <int... lane>
struct FirstLanes<0, lane...> {
  using type = Lanes<lane...>;
};

template <int... lane>
inline void interleave(Floats& a, Floats& b, Lanes<lane...>) {
  constexpr int half = kLanes / 2;
#if defined(__clang__)
  const Floats low = __builtin_shufflevector(a, b, (lane % 2 * kLanes + lane / 2)...);
  const Floats high = __builtin_shufflevector(a, b, (lane % 2 * kLanes + half + lane / 2)...);
#else
  // GCC has the other form only from version 12 on.
  const Floats low = __builtin_shuffle(a, b, Ints{(lane % 2 * kLanes + lane / 2)...});
  const Floats high = __builtin_shuffle(a, b, Ints{(lane % 2 * kLanes + half + lane / 2)...});
#endif
  a = low;
  b = high;
}

// Interleaving row i with row i + kLanes / 2, as often as halving kLanes leaves 1, transposes.
inline void transpose_square(Floats (&x)[kLanes]) {
#pragma GCC unroll 4
  for (int round = 1; round < kLanes; round *= 2) {
    Floats y[kLanes];
#pragma GCC unroll 8
    for (int i = 0; i < kLanes / 2; ++i) {
      Floats a = x[i], b = x[i + kLanes / 2];
      interleave(a, b, typename FirstLanes<kLanes>::type{});
      y[2 * i] = a;
      y[2 * i + 1] = b;
    }
#pragma GCC unroll 16
    for (int i = 0; i < kLanes; ++i) x[i] = y[i];
  }
}

/// to[c][r] = from[r][c]; rows of `to` are written up to the next multiple of kLanes, with zeros.
template <class T>
inline void transpose(const T* from, int64_t from_stride, int64_t rows, int64_t columns, float* to,
                      int64_t to_stride) {
  for (int64_t r = 0; r < rows; r += kLanes) {
    for (int64_t c = 0; c < columns; c += kLanes) {
      Floats x[kLanes];
      const int64_t count = columns - c;
#pragma GCC unroll 16
      for (int i = 0; i < kLanes; ++i)
        x[i] = r + i < rows ? load_up_to(from + (r + i) * from_stride + c, count) : Floats{};
      transpose_square(x);
#pragma GCC unroll 16
      for (int i = 0; i < kLanes; ++i) {
        if (i < count) store(to + (c + i) * to_stride + r, x[i]);
      }
    }
  }
}

}  // namespace w2s::loops::W2S_LOOPS
