// A regular file mapped into memory for reading.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace w2s {

class MappedFile {
 public:
  /// Errors: ERR_WEIGHTS where the file is missing, unreadable, empty or no regular file.
  explicit MappedFile(const std::string& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  const std::string& path() const { return path_; }
  std::string_view bytes() const { return {static_cast<const char*>(data_), size_}; }
  /// Touching pages past the end of a file that was cut short meanwhile would kill the process: this looks
  /// again. Errors: ERR_WEIGHTS.
  void require_unchanged_size() const;

 private:
  std::string path_;
  int descriptor_ = -1;
  void* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace w2s
