#include "files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "../error.h"
#include "atomic_file.h"
#include "open_regular.h"

namespace w2s {

RegularFile open_regular(const std::string& path) {
  if (path.find('\0') != std::string::npos) {
    fail("ERR_WEIGHTS", "Expected a path without NUL characters but received one with.");
  }
  // Non-blocking, so that opening a named pipe does not wait for a writer; it means nothing for regular
  // files.
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) {
    fail("ERR_WEIGHTS", "Expected to read " + path + " but received: " + std::strerror(errno) + ".");
  }
  struct stat status {};
  if (::fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode)) {
    ::close(descriptor);
    fail("ERR_WEIGHTS", "Expected a file at " + path + " but received a folder, pipe or device.");
  }
  return {descriptor, static_cast<std::size_t>(status.st_size)};
}

std::string read_text_file(const std::string& path, std::size_t max_bytes) {
  const RegularFile file = open_regular(path);
  std::string text;
  if (file.size <= max_bytes) text.resize(file.size);
  std::size_t done = 0;
  int reason = 0;
  while (done < text.size() && reason == 0) {
    const ssize_t count = ::read(file.descriptor, text.data() + done, text.size() - done);
    if (count == 0) break;  // cut short meanwhile
    if (count > 0) done += static_cast<std::size_t>(count);
    if (count < 0 && errno != EINTR) reason = errno;
  }
  ::close(file.descriptor);
  if (file.size > max_bytes) {
    fail("ERR_WEIGHTS", "Expected at most " + std::to_string(max_bytes) + " bytes in " + path +
                            " but received " + std::to_string(file.size) + ".");
  }
  if (reason != 0) {
    fail("ERR_WEIGHTS", "Expected to read " + path + " but received: " + std::strerror(reason) + ".");
  }
  text.resize(done);
  return text;
}

void write_text_file_atomically(const std::string& path, std::string_view text) {
  AtomicFile file(path);
  file.write(text.data(), text.size());
  file.commit();
}

}  // namespace w2s
