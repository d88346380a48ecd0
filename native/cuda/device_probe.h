// A kernel of ours, run for no other reason than to see that it runs.
#pragma once

namespace w2s {

/// Runs on the current device; gives a cudaError_t. "No kernel image" means that this binary was compiled for
/// other GPUs.
int run_probe_kernel();

}  // namespace w2s
