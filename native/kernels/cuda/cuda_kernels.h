// Our CUDA kernels, called through the C door of the CUDA library. What they do not take (rows with gaps, dtypes that
// are not the activations') the plain kernels compute on the same device.
#pragma once

#include <memory>

#include "../../cuda/entry_points.h"
#include "../kernels.h"

namespace w2s {

/// Everything is enqueued in ATen's current stream; nothing waits for the device. Errors of each call: ERR_DEVICE.
std::shared_ptr<const Kernels> cuda_kernels(std::shared_ptr<const CudaEntryPoints> entry_points);

}  // namespace w2s
