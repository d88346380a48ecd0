#include "mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "../error.h"
#include "open_regular.h"

namespace w2s {

MappedFile::MappedFile(const std::string& path) : path_(path) {
  const RegularFile file = open_regular(path);
  descriptor_ = file.descriptor;
  size_ = file.size;
  void* data = size_ == 0 ? MAP_FAILED : ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, descriptor_, 0);
  if (data != MAP_FAILED) {
    data_ = data;
    return;
  }
  const int reason = errno;
  ::close(descriptor_);
  if (size_ == 0) fail("ERR_WEIGHTS", "Expected weights in " + path + " but received an empty file.");
  fail("ERR_WEIGHTS", "Expected to map " + path + " but received: " + std::strerror(reason) + ".");
}

MappedFile::~MappedFile() {
  ::munmap(data_, size_);
  ::close(descriptor_);
}

void MappedFile::require_unchanged_size() const {
  struct stat status {};
  if (::fstat(descriptor_, &status) == 0 && static_cast<std::size_t>(status.st_size) >= size_) return;
  fail("ERR_WEIGHTS", "Expected " + path_ + " to keep its " + std::to_string(size_) +
                          " bytes while it is read but received a shorter file.");
}

}  // namespace w2s
