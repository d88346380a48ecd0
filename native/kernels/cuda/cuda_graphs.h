// Work recorded as CUDA graphs, through the C door of the CUDA library.
#pragma once

#include <c10/core/Device.h>

#include <memory>

#include "../../cuda/entry_points.h"
#include "../../recorded_work.h"

namespace w2s {

/// For one device. Errors of recording and replaying: those of the work, ERR_DEVICE where CUDA refuses.
std::shared_ptr<WorkRecorder> cuda_recorder(std::shared_ptr<const CudaEntryPoints> entry_points,
                                            const c10::Device& device);

}  // namespace w2s
