// Runs the threads of one CUDA block as fibers of one thread of this process.
#pragma once

#include <cstdint>
#include <functional>

struct dim3 {
  unsigned x = 1, y = 1, z = 1;
  dim3(unsigned x = 1, unsigned y = 1, unsigned z = 1) : x(x), y(y), z(z) {}
};

/// Of the fiber that runs.
inline dim3 threadIdx, blockIdx, blockDim, gridDim;

namespace emulation {

/// Calls `body` once for every thread of every block.
void run_grid(const dim3& grid, const dim3& block, const std::function<void()>& body);
/// Returns when every thread of the block that has not ended is here.
void wait_for_block();
/// The value that thread `lane` of this warp brought; returns when the whole warp is here.
std::uint64_t exchange(std::uint64_t value, unsigned lane);
/// Of this thread within its warp.
unsigned own_lane();

}  // namespace emulation
