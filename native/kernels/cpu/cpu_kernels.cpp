#include "../kernels.h"

namespace w2s {

std::shared_ptr<const Kernels> cpu_kernels() { return plain_kernels(); }

}  // namespace w2s
