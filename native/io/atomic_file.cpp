#include "atomic_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <random>

#include "../error.h"

namespace w2s {

namespace {

[[noreturn]] void fail_disk(const std::string& doing, const std::string& path, int reason) {
  const bool full = reason == ENOSPC || reason == EDQUOT;
  fail("ERR_DISK", "Expected to " + doing + " " + path + " but received: " + std::strerror(reason) + ".",
       full ? "Free some space, or choose another place with `--out FOLDER`."
            : "Look at it with `ls -ld " + path + "`.");
}

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

// A rename is only lasting once its folder is synced too; file systems that cannot do so are left alone.
void sync_folder(const std::string& folder) {
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;
  ::fsync(descriptor);
  ::close(descriptor);
}

}  // namespace

AtomicFile::AtomicFile(std::string path) : path_(std::move(path)) {
  if (path_.find('\0') != std::string::npos) {
    fail("ERR_DISK", "Expected a path without NUL characters but received one with.");
  }
  std::random_device random;
  for (int attempt = 0; attempt < 8 && descriptor_ < 0; ++attempt) {
    temporary_ = path_ + ".tmp-" + std::to_string(::getpid()) + "-" + std::to_string(random());
    descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (descriptor_ < 0 && errno != EEXIST) break;
  }
  if (descriptor_ < 0) fail_disk("create", path_, errno);
}

AtomicFile::~AtomicFile() {
  if (descriptor_ < 0) return;
  ::close(descriptor_);
  ::unlink(temporary_.c_str());
}

void AtomicFile::write(const void* data, std::size_t size) {
  constexpr std::size_t kMostAtOnce = std::size_t{1} << 30;  // some systems refuse more than 2 GiB
  const char* next = static_cast<const char*>(data);
  while (size > 0) {
    const ssize_t written = ::write(descriptor_, next, std::min(size, kMostAtOnce));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail_disk("write", path_, errno);
    next += written;
    size -= static_cast<std::size_t>(written);
  }
}

void AtomicFile::commit() {
  if (::fsync(descriptor_) != 0 && errno != EINVAL && errno != ENOTSUP) fail_disk("sync", path_, errno);
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) fail_disk("rename a new file to", path_, errno);
  ::close(descriptor_);
  descriptor_ = -1;
  sync_folder(folder_of(path_));
}

}  // namespace w2s
