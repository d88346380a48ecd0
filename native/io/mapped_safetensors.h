// One mapped safetensors file whose header has been checked in full. See safetensors.h for the format.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "json.h"
#include "mapped_file.h"
#include "safetensors.h"

namespace w2s {

struct StoredTensor {
  TensorEntry entry;
  std::size_t begin = 0;  // bytes after the header
  std::size_t end = 0;
};

class MappedSafetensors {
 public:
  /// Errors: ERR_WEIGHTS.
  explicit MappedSafetensors(const std::string& path);

  const std::string& path() const { return file_.path(); }
  const std::map<std::string, StoredTensor>& tensors() const { return tensors_; }
  /// The raw bytes of a tensor of this file.
  std::string_view bytes(const StoredTensor& tensor) const;
  void require_unchanged_size() const { file_.require_unchanged_size(); }

 private:
  std::string_view header() const;
  void check_metadata(const Json& json) const;
  StoredTensor read_tensor(const std::string& name, const Json& json) const;
  void require_no_holes() const;
  [[noreturn]] void stop(const std::string& expected, const std::string& received) const;

  MappedFile file_;
  std::string_view data_;  // after the header
  std::map<std::string, StoredTensor> tensors_;
};

}  // namespace w2s
