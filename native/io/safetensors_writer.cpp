// Writes safetensors files as the reference implementation does: wider types first, names in order, the
// header padded with blanks to a multiple of 8, so that every tensor is aligned.
#include <algorithm>
#include <set>

#include "../error.h"
#include "atomic_file.h"
#include "json.h"
#include "safetensors.h"
#include "safetensors_types.h"

namespace w2s {

namespace {

using NamedTensor = NamedTensors::value_type;

std::vector<const NamedTensor*> sorted_for_file(const NamedTensors& tensors, const std::string& path) {
  std::vector<const NamedTensor*> order;
  std::set<std::string> seen{"__metadata__"};
  for (const NamedTensor& item : tensors) {
    if (!seen.insert(item.first).second) {
      fail("ERR_ARGUMENT",
           "Expected each tensor name once for " + path + " but received `" + item.first + "` again.");
    }
    if (!safetensors_name(item.second.scalar_type())) {
      fail("ERR_ARGUMENT", "Expected a type that safetensors has for tensor `" + item.first +
                               "` but received " + c10::toString(item.second.scalar_type()) + ".");
    }
    order.push_back(&item);
  }
  std::sort(order.begin(), order.end(), [](const NamedTensor* a, const NamedTensor* b) {
    const auto width_a = a->second.element_size(), width_b = b->second.element_size();
    return width_a != width_b ? width_a > width_b : a->first < b->first;
  });
  return order;
}

std::string header_text(const std::vector<const NamedTensor*>& order,
                        const std::map<std::string, std::string>& metadata) {
  Json header = Json::object();
  if (!metadata.empty()) {
    Json::Members members(metadata.begin(), metadata.end());
    header.set("__metadata__", Json::object(std::move(members)));
  }
  Json::Members entries = header.members();
  std::int64_t begin = 0;
  for (const NamedTensor* item : order) {
    const at::Tensor& tensor = item->second;
    Json::Items shape;
    for (const std::int64_t extent : tensor.sizes()) shape.emplace_back(extent);
    const auto end = begin + static_cast<std::int64_t>(tensor.nbytes());
    entries.emplace_back(item->first,
                         Json::object({{"dtype", std::string(*safetensors_name(tensor.scalar_type()))},
                                       {"shape", Json::array(std::move(shape))},
                                       {"data_offsets", Json::array({begin, end})}}));
    begin = end;
  }
  std::string text = Json::object(std::move(entries)).dump();
  text.append((8 - text.size() % 8) % 8, ' ');
  return text;
}

}  // namespace

void write_safetensors(const std::string& path, const NamedTensors& tensors,
                       const std::map<std::string, std::string>& metadata) {
  const auto order = sorted_for_file(tensors, path);
  const std::string header = header_text(order, metadata);
  const std::uint64_t length = header.size();
  AtomicFile file(path);
  file.write(&length, sizeof length);
  file.write(header.data(), header.size());
  for (const NamedTensor* item : order) {
    const at::Tensor tensor = item->second.detach().contiguous().cpu();
    if (tensor.nbytes() > 0) file.write(tensor.const_data_ptr(), tensor.nbytes());
  }
  file.commit();
}

}  // namespace w2s
