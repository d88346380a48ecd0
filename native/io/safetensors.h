// Reads and writes safetensors files (https://huggingface.co/docs/safetensors): an 8-byte little-endian
// length, a JSON header, then raw little-endian numbers. Nothing in a file is believed: lengths, JSON, types,
// shapes, offsets and the names of shards are checked against the file's real size before memory is taken.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "files.h"

namespace w2s {

struct TensorEntry {
  std::string name;
  at::ScalarType dtype;
  std::vector<std::int64_t> shape;
};

class MappedSafetensors;  // one mapped file, see mapped_safetensors.h

/// The tensors of one file, or of a Hugging Face folder (`model.safetensors`, or shards with an index).
class WeightFiles {
 public:
  /// Errors: ERR_WEIGHTS, naming the file, and the tensor or field in it.
  static WeightFiles open_folder(const std::string& folder);
  static WeightFiles open_file(const std::string& path);

  const std::map<std::string, TensorEntry>& entries() const { return entries_; }
  bool has(const std::string& name) const { return entries_.count(name) != 0; }

  /// Copies a tensor into memory of its own, as that type and on that device.
  /// Errors: ERR_WEIGHTS for a name that is not there, ERR_OUT_OF_MEMORY through ATen.
  at::Tensor read(const std::string& name, at::ScalarType as, at::Device device) const;
  /// Overwrites a tensor's numbers. Errors: as `read`, and ERR_WEIGHTS for another shape, before anything
  /// changes.
  void copy_into(const std::string& name, at::Tensor into) const;

 private:
  void add(std::shared_ptr<const MappedSafetensors> file);

  std::vector<std::shared_ptr<const MappedSafetensors>> files_;
  std::map<std::string, TensorEntry> entries_;
  std::map<std::string, std::size_t> file_of_;  // tensor name → index into files_
};

using NamedTensors = std::vector<std::pair<std::string, at::Tensor>>;

/// Writes tensors in their own type, largest alignment first as the reference does, atomically (temporary
/// name, fsync, rename). Errors: ERR_DISK, ERR_ARGUMENT for a repeated name or a type the format lacks.
void write_safetensors(const std::string& path, const NamedTensors& tensors,
                       const std::map<std::string, std::string>& metadata = {{"format", "pt"}});

}  // namespace w2s
