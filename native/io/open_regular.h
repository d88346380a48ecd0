// Opening a file for reading, when it is a regular one: a pipe or device would block or never end.
#pragma once

#include <cstddef>
#include <string>

namespace w2s {

struct RegularFile {
  int descriptor;  // the caller's to close
  std::size_t size;
};

/// Errors: ERR_WEIGHTS, with the system's reason.
RegularFile open_regular(const std::string& path);

}  // namespace w2s
