#include "fibers.h"

#include <setjmp.h>
#include <ucontext.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <vector>

namespace emulation {
namespace {

constexpr std::size_t kStack = 64 * 1024;
constexpr unsigned kWarp = 32;

// Where threads wait for one another. An ended thread is waited for no more.
struct Barrier {
  unsigned members = 0, arrived = 0;
  std::uint64_t generation = 0;
};

struct Fiber {
  ucontext_t context;
  jmp_buf where;
  std::unique_ptr<char[]> stack;
  dim3 index;
  unsigned warp = 0;
  bool started = false, ended = false;
  const Barrier* waits_for = nullptr;
  std::uint64_t generation = 0;  // of that barrier when it came
};

struct Warp {
  Barrier barrier;
  std::uint64_t values[kWarp];
};

struct Block {
  std::vector<std::unique_ptr<Fiber>> fibers;  // kept for the next block: starting one costs a system call
  std::vector<Warp> warps;
  Barrier barrier;
  const std::function<void()>* body = nullptr;
  unsigned current = 0;
  jmp_buf scheduler;
};

Block block;

Fiber& current() { return *block.fibers[block.current]; }

void yield() {
  if (_setjmp(current().where) == 0) _longjmp(block.scheduler, 1);
}

void pass_if_full(Barrier& barrier) {
  if (barrier.arrived < barrier.members || barrier.arrived == 0) return;
  barrier.arrived = 0;
  ++barrier.generation;
}

void wait(Barrier& barrier) {
  Fiber& fiber = current();
  fiber.waits_for = &barrier;
  fiber.generation = barrier.generation;
  ++barrier.arrived;
  pass_if_full(barrier);
  yield();
}

void leave(Barrier& barrier) {
  --barrier.members;
  pass_if_full(barrier);
}

void fiber_main() {
  for (;;) {
    (*block.body)();
    current().ended = true;
    leave(block.barrier);
    leave(block.warps[current().warp].barrier);
    yield();
  }
}

void start(Fiber& fiber) {
  fiber.stack.reset(new char[kStack]);
  fiber.started = true;
  getcontext(&fiber.context);
  fiber.context.uc_stack.ss_sp = fiber.stack.get();
  fiber.context.uc_stack.ss_size = kStack;
  fiber.context.uc_link = nullptr;
  makecontext(&fiber.context, fiber_main, 0);
  if (_setjmp(block.scheduler) == 0) setcontext(&fiber.context);
}

bool ready(const Fiber& fiber) {
  return !fiber.ended && (fiber.waits_for == nullptr || fiber.waits_for->generation != fiber.generation);
}

void resume(unsigned place) {
  Fiber& fiber = *block.fibers[place];
  block.current = place;
  threadIdx = fiber.index;
  fiber.waits_for = nullptr;
  if (!fiber.started) {
    start(fiber);
  } else if (_setjmp(block.scheduler) == 0) {
    _longjmp(fiber.where, 1);
  }
}

void prepare(unsigned threads) {
  while (block.fibers.size() < threads) block.fibers.push_back(std::make_unique<Fiber>());
  block.warps.assign((threads + kWarp - 1) / kWarp, Warp{});
  block.barrier = Barrier{threads};
  for (unsigned place = 0; place < threads; ++place) {
    Fiber& fiber = *block.fibers[place];
    fiber.index = dim3(place % blockDim.x, place / blockDim.x % blockDim.y, place / blockDim.x / blockDim.y);
    fiber.warp = place / kWarp;
    fiber.ended = false;
    fiber.waits_for = nullptr;
    ++block.warps[fiber.warp].barrier.members;
  }
}

void run_block(unsigned threads, bool reversed) {
  prepare(threads);
  for (unsigned left = threads; left > 0;) {
    bool moved = false;
    for (unsigned i = 0; i < threads; ++i) {
      const unsigned place = reversed ? threads - 1 - i : i;
      if (!ready(*block.fibers[place])) continue;
      resume(place);
      moved = true;
      if (block.fibers[place]->ended) --left;
    }
    if (moved) continue;
    std::fprintf(stderr, "a barrier or shuffle that only some threads reach\n");
    std::abort();
  }
}

}  // namespace

void run_grid(const dim3& grid, const dim3& size, const std::function<void()>& body) {
  gridDim = grid;
  blockDim = size;
  block.body = &body;
  bool reversed = false;
  for (blockIdx.z = 0; blockIdx.z < grid.z; ++blockIdx.z) {
    for (blockIdx.y = 0; blockIdx.y < grid.y; ++blockIdx.y) {
      for (blockIdx.x = 0; blockIdx.x < grid.x; ++blockIdx.x) {
        run_block(size.x * size.y * size.z, reversed);
        reversed = !reversed;
      }
    }
  }
}

void wait_for_block() { wait(block.barrier); }

unsigned own_lane() { return block.current % kWarp; }

std::uint64_t exchange(std::uint64_t value, unsigned lane) {
  Warp& warp = block.warps[current().warp];
  warp.values[own_lane()] = value;
  wait(warp.barrier);
  const std::uint64_t found = warp.values[lane];
  wait(warp.barrier);  // before anyone brings the next
  return found;
}

}  // namespace emulation
