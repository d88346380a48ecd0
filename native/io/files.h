// Small text files, whole. Reads are limited in size; writes are atomic (temporary name, fsync, rename), so
// that a killed process leaves the old file or the new one, never half of one.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace w2s {

/// Errors: ERR_WEIGHTS where the file is missing, unreadable, no regular file, or larger than `max_bytes`.
std::string read_text_file(const std::string& path, std::size_t max_bytes);

/// Errors: ERR_DISK.
void write_text_file_atomically(const std::string& path, std::string_view text);

}  // namespace w2s
