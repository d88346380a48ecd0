// Vectors of float32 as wide as the instructions that this file is compiled for, and the functions that activations
// and softmax need of them. GCC's and Clang's vector types: they become AVX512, AVX2, SSE2 or NEON alike.
#pragma once

#if defined(__AVX512F__)
#include <immintrin.h>
#endif
#include <string.h>

#include "loops.h"

#ifndef W2S_LOOPS
#define W2S_LOOPS baseline
#endif

namespace w2s::loops::W2S_LOOPS {

#if defined(__AVX512F__)
inline constexpr int kVectorBytes = 64;
#elif defined(__AVX2__)
inline constexpr int kVectorBytes = 32;
#else
inline constexpr int kVectorBytes = 16;
#endif
inline constexpr int kLanes = kVectorBytes / 4;

typedef float Floats __attribute__((vector_size(kVectorBytes)));
typedef int32_t Ints __attribute__((vector_size(kVectorBytes)));
typedef uint32_t Bits __attribute__((vector_size(kVectorBytes)));
typedef uint16_t Halves __attribute__((vector_size(kVectorBytes / 2)));
typedef float FloatsInMemory __attribute__((vector_size(kVectorBytes), aligned(4), may_alias));
typedef uint16_t HalvesInMemory __attribute__((vector_size(kVectorBytes / 2), aligned(2), may_alias));

inline Floats all(float value) { return Floats{} + value; }
inline Bits bits_of(Floats x) { return reinterpret_cast<Bits>(x); }
inline Floats floats_of(Bits x) { return reinterpret_cast<Floats>(x); }

inline Floats load(const float* p) { return *reinterpret_cast<const FloatsInMemory*>(p); }
inline void store(float* p, Floats x) { *reinterpret_cast<FloatsInMemory*>(p) = x; }

inline Floats load(const Bfloat16* p) {
  const Halves halves = *reinterpret_cast<const HalvesInMemory*>(p);
  return floats_of(__builtin_convertvector(halves, Bits) << 16);
}
// Rounds to nearest, ties to even; not a number stays one.
inline void store(Bfloat16* p, Floats x) {
  const Bits bits = bits_of(x);
  const Bits rounded = (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
  const Bits quiet = (bits >> 16) | 0x40u;
  const Bits chosen = x == x ? rounded : quiet;
  *reinterpret_cast<HalvesInMemory*>(p) = __builtin_convertvector(chosen, Halves);
}

/// The first `count` < kLanes of a vector; the rest is 0.
template <class T>
inline Floats load_part(const T* p, int64_t count) {
  T buffer[kLanes] = {};
  for (int64_t i = 0; i < count; ++i) buffer[i] = p[i];
  return load(buffer);
}
template <class T>
inline void store_part(T* p, Floats x, int64_t count) {
  T buffer[kLanes];
  store(buffer, x);
  for (int64_t i = 0; i < count; ++i) p[i] = buffer[i];
}

/// A vector of a row that may end within it: `count` of its lanes are there.
template <class T>
inline Floats load_up_to(const T* p, int64_t count) {
  return count >= kLanes ? load(p) : load_part(p, count);
}
template <class T>
inline void store_up_to(T* p, Floats x, int64_t count) {
  if (count >= kLanes) {
    store(p, x);
  } else {
    store_part(p, x, count);
  }
}

/// What a value becomes when it is stored as T.
inline Floats rounded(const float*, Floats x) { return x; }
inline Floats rounded(const Bfloat16*, Floats x) {
  Bfloat16 buffer[kLanes];
  store(buffer, x);
  return load(buffer);
}

inline float sum_lanes(Floats x) {
  float lanes[kLanes];
  store(lanes, x);
  for (int width = kLanes / 2; width > 0; width /= 2) {
    for (int i = 0; i < width; ++i) lanes[i] += lanes[i + width];
  }
  return lanes[0];
}
inline float largest_lane(Floats x) {
  float lanes[kLanes];
  store(lanes, x);
  float most = lanes[0];
  for (int i = 1; i < kLanes; ++i) most = lanes[i] > most ? lanes[i] : most;
  return most;
}
// Where either is not a number: b.
inline Floats larger(Floats a, Floats b) { return a > b ? a : b; }
inline Floats smaller(Floats a, Floats b) { return a < b ? a : b; }

/// eˣ within 2 units in the last place, 0 and infinity where float32 ends; not a number stays one. 2ⁿ · eʳ with
/// |r| ≤ ½ ln 2, eʳ by the polynomial of Cephes' expf.
inline Floats exp(Floats x) {
  constexpr float kMagic = 12582912.0f;  // 1.5 · 2²³: added, it leaves the nearest integer in the low bits
  x = larger(all(-104.0f), smaller(all(89.0f), x));
  const Floats shifted = x * 1.44269504088896341f + kMagic;
  const Floats n = shifted - kMagic;
  Floats r = x - n * 0.693359375f;
  r = r + n * 2.12194440e-4f;
  Floats y = r * 1.9875691500e-4f + 1.3981999507e-3f;
  y = y * r + 8.3334519073e-3f;
  y = y * r + 4.1665795894e-2f;
  y = y * r + 1.6666665459e-1f;
  y = y * r + 5.0000001201e-1f;
  y = y * (r * r) + (r + 1.0f);
#if defined(__AVX512F__)
  // By a mask of all lanes: GCC 12 warns of what its own header leaves unset in the plain form.
  return _mm512_maskz_scalef_ps(0xffff, y, n);
#else
  // In two steps, each of which is a float32 of its own even where 2ⁿ is none.
  const Ints whole = reinterpret_cast<Ints>(bits_of(shifted)) - 0x4b400000;
  const Ints half = whole >> 1;
  return y * reinterpret_cast<Floats>((half + 127) << 23) *
         reinterpret_cast<Floats>((whole - half + 127) << 23);
#endif
}

inline Floats sigmoid(Floats x) { return 1.0f / (1.0f + exp(-x)); }

/// Within about a unit in the last place. Two polynomials: odd below 0.93, above it 1 − e^p(|x|).
inline Floats erf(Floats x) {
  const Floats t = floats_of(bits_of(x) & 0x7fffffffu), s = x * x;
  Floats far = t * -1.72853470e-5f + 3.83197126e-4f;
  far = far * s + (t * -3.88396438e-3f + 2.42546219e-2f);
  far = far * t + -1.06777877e-1f;
  far = far * t + -6.34846687e-1f;
  far = far * t + -1.28717512e-1f;
  far = 1.0f - exp(far * t - t);
  far = floats_of(bits_of(far) | (bits_of(x) & 0x80000000u));
  Floats near = s * -5.96761703e-4f + 4.99119423e-3f;
  near = near * s + -2.67681349e-2f;
  near = near * s + 1.12819925e-1f;
  near = near * s + -3.76125336e-1f;
  near = near * s + 1.28379166e-1f;
  near = near * x + x;
  return t > 0.927734375f ? far : near;
}

}  // namespace w2s::loops::W2S_LOOPS
