// Loops that are compiled for several generations of x86 and chosen between when they are first called.
#pragma once

#if defined(__x86_64__) && defined(__linux__) && !defined(__CUDACC__)
#define W2S_SIMD __attribute__((target_clones("default", "arch=x86-64-v3", "arch=x86-64-v4")))
#else
#define W2S_SIMD
#endif
