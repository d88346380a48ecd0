#include "safetensors.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <c10/util/StringUtil.h>
#include <sys/stat.h>

#include <cstring>

#include "../error.h"
#include "json.h"
#include "mapped_safetensors.h"

namespace w2s {

namespace {

constexpr std::size_t kMostIndexBytes = std::size_t{32} << 20;

bool exists(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0;
}

[[noreturn]] void fail_without_weights(const std::string& folder) {
  if (!exists(folder))
    fail("ERR_WEIGHTS", "Expected a model folder at " + folder + " but received nothing there.");
  const bool pickle =
      exists(folder + "/pytorch_model.bin") || exists(folder + "/pytorch_model.bin.index.json");
  if (!pickle) {
    fail("ERR_WEIGHTS",
         "Expected model.safetensors or model.safetensors.index.json in " + folder + " but received neither.",
         "List what is there with `ls " + folder + "`.");
  }
  fail("ERR_WEIGHTS",
       "Expected model.safetensors in " + folder +
           " but received pytorch_model.bin, a pickle, which can run code and is not read.",
       "Convert it where you trust it: `python3 -c \"from transformers import AutoModelForCausalLM as M; "
       "M.from_pretrained('" +
           folder + "').save_pretrained('" + folder + "')\"`.");
}

// A shard's name comes from a file that anybody may have written: it must stay in the folder.
void require_plain_name(const std::string& name, const std::string& index) {
  const bool plain = !name.empty() && name.size() <= 255 && name.front() != '.' &&
                     name.find_first_of(std::string_view("/\\\0", 3)) == std::string::npos &&
                     name.ends_with(".safetensors");
  if (!plain) {
    fail("ERR_WEIGHTS", "Expected a file name of the same folder, ending in .safetensors, for a shard in " +
                            index + " but received " + Json(name).describe() + ".");
  }
}

// Shard → names of the tensors that the index promises there.
std::map<std::string, std::vector<std::string>> read_index(const std::string& path) {
  const Json json = parse_json(read_text_file(path, kMostIndexBytes), path);
  const Json* weight_map = json.find("weight_map");
  if (weight_map == nullptr)
    fail("ERR_WEIGHTS", "Expected a field `weight_map` for " + path + " but received none.");
  std::map<std::string, std::vector<std::string>> shards;
  for (const auto& [tensor, file] : weight_map->members("`weight_map` in " + path)) {
    const std::string& shard = file.as_string("the shard of `" + tensor + "` in " + path);
    require_plain_name(shard, path);
    shards[shard].push_back(tensor);
  }
  if (shards.empty())
    fail("ERR_WEIGHTS", "Expected at least one tensor for `weight_map` in " + path + " but received none.");
  return shards;
}

}  // namespace

WeightFiles WeightFiles::open_file(const std::string& path) {
  WeightFiles weights;
  weights.add(std::make_shared<const MappedSafetensors>(path));
  return weights;
}

WeightFiles WeightFiles::open_folder(const std::string& folder) {
  const std::string single = folder + "/model.safetensors";
  if (exists(single)) return open_file(single);
  const std::string index = folder + "/model.safetensors.index.json";
  if (!exists(index)) fail_without_weights(folder);

  WeightFiles weights;
  for (const auto& [shard, promised] : read_index(index)) {
    auto file = std::make_shared<const MappedSafetensors>(folder + "/" + shard);
    for (const std::string& name : promised) {
      if (file->tensors().count(name) == 0) {
        fail("ERR_WEIGHTS", "Expected tensor `" + name + "` in " + file->path() + ", as " + index +
                                " says, but received a file without it.");
      }
    }
    weights.add(std::move(file));
  }
  return weights;
}

void WeightFiles::add(std::shared_ptr<const MappedSafetensors> file) {
  for (const auto& [name, tensor] : file->tensors()) {
    const auto [place, fresh] = file_of_.emplace(name, files_.size());
    if (!fresh) {
      fail("ERR_WEIGHTS", "Expected tensor `" + name + "` in one shard but received it in " +
                              files_[place->second]->path() + " and in " + file->path() + ".");
    }
    entries_.emplace(name, tensor.entry);
  }
  files_.push_back(std::move(file));
}

at::Tensor WeightFiles::read(const std::string& name, at::ScalarType as, at::Device device) const {
  const auto found = file_of_.find(name);
  if (found == file_of_.end()) {
    fail("ERR_WEIGHTS",
         "Expected tensor `" + name + "` in " + files_.front()->path() + " but received a file without it.");
  }
  const MappedSafetensors& file = *files_[found->second];
  file.require_unchanged_size();
  const StoredTensor& stored = file.tensors().at(name);
  const std::string_view bytes = file.bytes(stored);
  const std::size_t item = c10::elementSize(stored.entry.dtype);

  at::Tensor out = at::empty(stored.entry.shape, at::TensorOptions().dtype(as).device(device));
  if (bytes.empty()) return out;
  if (as == stored.entry.dtype && device.is_cpu()) {
    std::memcpy(out.mutable_data_ptr(), bytes.data(), bytes.size());
    return out;
  }
  const auto source_options = at::TensorOptions().dtype(stored.entry.dtype);
  at::Tensor source;
  if (reinterpret_cast<std::uintptr_t>(bytes.data()) % item == 0) {
    source = at::from_blob(const_cast<char*>(bytes.data()), stored.entry.shape, source_options);
  } else {  // a header of odd length: ATen wants aligned numbers
    source = at::empty(stored.entry.shape, source_options);
    std::memcpy(source.mutable_data_ptr(), bytes.data(), bytes.size());
  }
  out.copy_(source);
  return out;
}

void WeightFiles::copy_into(const std::string& name, at::Tensor into) const {
  const at::Tensor found = read(name, into.scalar_type(), into.device());
  if (found.sizes() != into.sizes()) {
    fail("ERR_WEIGHTS", "Expected shape " + c10::str(into.sizes()) + " for tensor `" + name + "` in " +
                            files_.front()->path() + " but received " + c10::str(found.sizes()) + ".");
  }
  const at::NoGradGuard no_grad;
  into.copy_(found);
}

}  // namespace w2s
