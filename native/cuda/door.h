// What every function of the C door does: no exception leaves it, and its work goes to ATen's current stream.
#pragma once

#include <c10/util/Exception.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <exception>

namespace w2s {

/// Copies a text, cut to `size` and always terminated.
inline void put_text(char* into, std::size_t size, const char* text) {
  if (size == 0) return;
  const std::size_t length = std::min(size - 1, std::strlen(text));
  std::memcpy(into, text, length);
  into[length] = '\0';
}

/// Runs `body`; 0, or 1 and what was thrown as a text in `error`.
template <class Body>
std::int32_t guarded(char* error, std::size_t size, Body body) noexcept {
  try {
    body();
    return 0;
  } catch (const c10::Error& exception) {
    put_text(error, size, exception.what_without_backtrace());
  } catch (const std::exception& exception) {
    put_text(error, size, exception.what());
  } catch (...) {
    put_text(error, size, "something that is no exception was thrown");
  }
  return 1;
}

}  // namespace w2s
