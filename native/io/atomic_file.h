// A file that appears whole or not at all: written beside its place under a temporary name, synced, renamed.
#pragma once

#include <cstddef>
#include <string>

namespace w2s {

class AtomicFile {
 public:
  /// Errors of all functions: ERR_DISK, with the system's reason.
  explicit AtomicFile(std::string path);
  ~AtomicFile();  // without commit: nothing is left behind
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(const void* data, std::size_t size);
  void commit();

 private:
  std::string path_;
  std::string temporary_;
  int descriptor_ = -1;
};

}  // namespace w2s
