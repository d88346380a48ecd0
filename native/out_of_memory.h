// Which exceptions mean that memory ran out, on the host or a device.
#pragma once

#include <exception>

namespace w2s {

bool is_out_of_memory(const std::exception_ptr& exception) noexcept;

}  // namespace w2s
