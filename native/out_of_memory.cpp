#include "out_of_memory.h"

#include <c10/core/CachingDeviceAllocator.h>
#include <c10/util/Exception.h>

#include <new>
#include <string_view>

namespace w2s {

bool is_out_of_memory(const std::exception_ptr& exception) noexcept {
  try {
    std::rethrow_exception(exception);
  } catch (const c10::OutOfMemoryError&) {
    return true;
  } catch (const c10::Error& error) {
    // Neither the CPU's allocator nor what takes memory past ATen's has an exception class of its own.
    const std::string_view message = error.what_without_backtrace();
    const auto says = [message](const char* words) { return message.find(words) != std::string_view::npos; };
    return (says("DefaultCPUAllocator") && says("memory")) || says("CUDA error: out of memory") ||
           says("CUBLAS_STATUS_ALLOC_FAILED");
  } catch (const std::bad_alloc&) {
    return true;
  } catch (...) {
    return false;
  }
}

void fail_after_tokens(int64_t tokens, int64_t most) {
  if (most <= 0 || tokens <= most) return;
  TORCH_CHECK_WITH(OutOfMemoryError, false, "a micro-batch of more than ", most, " tokens, as a test has it");
}

void release_cached_memory(const c10::Device& device) {
  if (!device.is_cpu()) c10::getDeviceAllocator(device.type())->emptyCache();
}

}  // namespace w2s
