// Plain C entry points of w2s_cuda.so, the only door between the addon and CUDA. Functions return 0, or
// write a message (cut to `size`, always terminated) into `error` and return another number.
#pragma once

#include <stddef.h>
#include <stdint.h>

#define W2S_CUDA_EXPORT __attribute__((visibility("default")))

#ifdef __cplusplus
extern "C" {
#endif

/// Raised with every change of this file; the addon refuses a library of another revision.
#define W2S_CUDA_REVISION 2

typedef struct {
  int32_t index;
  int32_t major;
  int32_t minor;
  int32_t bf16;
  int64_t total_memory;
  int64_t free_memory;
  char name[256];
} w2s_cuda_device;

W2S_CUDA_EXPORT int32_t w2s_cuda_revision(void);
W2S_CUDA_EXPORT int32_t w2s_cuda_device_count(int32_t* count, char* error, size_t size);
W2S_CUDA_EXPORT int32_t w2s_cuda_describe(int32_t index, w2s_cuda_device* device, char* error, size_t size);
/// Runs a small kernel of ours on that device: proof that this binary carries code for it.
W2S_CUDA_EXPORT int32_t w2s_cuda_probe(int32_t index, char* error, size_t size);

#ifdef __cplusplus
}
#endif
