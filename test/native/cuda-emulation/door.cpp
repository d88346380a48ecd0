// The rest of the C door. Only the kernels are emulated; the other functions are there by name, so that the library
// opens, and do nothing.
#include <cstdint>
#include <cstdlib>

#include "../../../native/cuda/entry_points.h"

extern "C" void w2s_emulation_lacks(void) { std::abort(); }

// Weak, so that a function that is compiled here takes its place.
#define W2S_LACKS(name) asm(".weak w2s_cuda_" #name "\n.set w2s_cuda_" #name ", w2s_emulation_lacks");
W2S_CUDA_ENTRY_POINTS(W2S_LACKS)

std::int32_t w2s_cuda_revision(void) { return W2S_CUDA_REVISION; }
