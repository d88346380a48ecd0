// Memory that ran out, on the host or a device.
#pragma once

#include <c10/core/Device.h>

#include <cstdint>
#include <exception>

namespace w2s {

/// Whether an exception says so, whoever threw it.
bool is_out_of_memory(const std::exception_ptr& exception) noexcept;

/// For tests: throws as an allocator does where a micro-batch has more tokens than `most`; 0: never.
void fail_after_tokens(int64_t tokens, int64_t most);

/// Gives back what a device's allocator keeps for later; nothing on a CPU.
void release_cached_memory(const c10::Device& device);

}  // namespace w2s
