#include "mapped_safetensors.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <string>

#include "../error.h"
#include "safetensors_types.h"

namespace w2s {

static_assert(std::endian::native == std::endian::little, "safetensors numbers are read as they lie");

namespace {

constexpr std::size_t kLengthBytes = 8;
constexpr std::uint64_t kMostHeaderBytes = std::uint64_t{64} << 20;
constexpr std::size_t kMostDimensions = 16;

std::string quoted(const std::string& name) {
  constexpr std::size_t kShown = 200;
  return "`" + (name.size() > kShown ? name.substr(0, kShown) + "…" : name) + "`";
}

}  // namespace

MappedSafetensors::MappedSafetensors(const std::string& path) : file_(path) {
  const std::string_view text = header();
  data_ = file_.bytes().substr(kLengthBytes + text.size());
  if (text.empty() || text.front() != '{') stop("a JSON header", "something else");
  const Json json = parse_json(text, "the header of " + path);
  for (const auto& [name, value] : json.members("the header of " + path)) {
    if (name == "__metadata__") {
      check_metadata(value);
    } else {
      tensors_.emplace(name, read_tensor(name, value));
    }
  }
  require_no_holes();
}

std::string_view MappedSafetensors::bytes(const StoredTensor& tensor) const {
  return data_.substr(tensor.begin, tensor.end - tensor.begin);
}

void MappedSafetensors::stop(const std::string& expected, const std::string& received) const {
  fail("ERR_WEIGHTS", "Expected " + expected + " for " + path() + " but received " + received + ".",
       "The file is damaged or was cut short: fetch it again, then look at its size with `ls -l " + path() +
           "`.");
}

std::string_view MappedSafetensors::header() const {
  const std::string_view all = file_.bytes();
  if (all.size() < kLengthBytes) {
    stop("at least 8 bytes", std::to_string(all.size()));
  }
  std::uint64_t length = 0;
  std::memcpy(&length, all.data(), kLengthBytes);
  if (length > kMostHeaderBytes) stop("a header of at most 64 MiB", std::to_string(length) + " bytes");
  if (length > all.size() - kLengthBytes) {
    stop("a header of " + std::to_string(length) + " bytes",
         "a file of " + std::to_string(all.size()) + " bytes");
  }
  return all.substr(kLengthBytes, static_cast<std::size_t>(length));
}

void MappedSafetensors::check_metadata(const Json& json) const {
  const std::string what = "`__metadata__` in " + path();
  for (const auto& [name, value] : json.members(what)) value.as_string(what);
}

StoredTensor MappedSafetensors::read_tensor(const std::string& name, const Json& json) const {
  const std::string of = " of tensor " + quoted(name) + " in " + path();
  const auto field = [&](const char* key) -> const Json& {
    json.members("the description" + of);
    const Json* value = json.find(key);
    if (value == nullptr)
      fail("ERR_WEIGHTS", std::string("Expected a field `") + key + "`" + of + " but received none.");
    return *value;
  };

  const std::string& type = field("dtype").as_string("the dtype" + of);
  const auto dtype = safetensors_dtype(type);
  if (!dtype) {
    fail("ERR_WEIGHTS",
         "Expected F32, F16, BF16, F64 or an integer type for the dtype" + of + " but received " +
             quoted(type) + ".",
         "Save the model in another type: in Python, `model.to(torch.bfloat16).save_pretrained(FOLDER)`.");
  }

  StoredTensor tensor{{name, *dtype, {}}, 0, 0};
  const auto& dimensions = field("shape").items("the shape" + of);
  if (dimensions.size() > kMostDimensions) {
    fail("ERR_WEIGHTS", "Expected at most 16 dimensions for the shape" + of + " but received " +
                            std::to_string(dimensions.size()) + ".");
  }
  std::uint64_t size = c10::elementSize(*dtype);
  bool overflow = false;
  for (const Json& dimension : dimensions) {
    const std::int64_t extent = dimension.as_int("the shape" + of);
    if (extent < 0) {
      fail("ERR_WEIGHTS", "Expected no negative extent for the shape" + of + " but received " +
                              std::to_string(extent) + ".");
    }
    overflow |= __builtin_mul_overflow(size, static_cast<std::uint64_t>(extent), &size);
    tensor.entry.shape.push_back(extent);
  }

  const auto& offsets = field("data_offsets").items("the data_offsets" + of);
  const auto offset = [&](std::size_t index) { return offsets[index].as_int("the data_offsets" + of); };
  if (offsets.size() != 2 || offset(0) < 0 || offset(1) < offset(0) ||
      static_cast<std::uint64_t>(offset(1)) > data_.size()) {
    fail("ERR_WEIGHTS",
         "Expected a begin and an end within the file's " + std::to_string(data_.size()) +
             " bytes of data for the data_offsets" + of + " but received " +
             field("data_offsets").dump().substr(0, 80) + ".",
         "The file is damaged or was cut short: fetch it again.");
  }
  tensor.begin = static_cast<std::size_t>(offset(0));
  tensor.end = static_cast<std::size_t>(offset(1));
  if (overflow || size != tensor.end - tensor.begin) {
    fail("ERR_WEIGHTS", "Expected as many bytes as the shape needs for the data_offsets" + of +
                            " but received " + std::to_string(tensor.end - tensor.begin) + ".");
  }
  return tensor;
}

// The format allows neither gaps nor overlaps: each byte belongs to exactly one tensor.
void MappedSafetensors::require_no_holes() const {
  std::vector<const StoredTensor*> in_order;
  in_order.reserve(tensors_.size());
  for (const auto& item : tensors_) in_order.push_back(&item.second);
  std::sort(in_order.begin(), in_order.end(), [](const StoredTensor* a, const StoredTensor* b) {
    return std::pair(a->begin, a->end) < std::pair(b->begin, b->end);
  });
  std::size_t expected = 0;
  for (const StoredTensor* tensor : in_order) {
    if (tensor->begin != expected) {
      stop(
          "tensor " + quoted(tensor->entry.name) + " to begin at byte " + std::to_string(expected),
          std::to_string(tensor->begin) + (tensor->begin < expected ? " (it overlaps another)" : " (a gap)"));
    }
    expected = tensor->end;
  }
  if (expected != data_.size()) {
    stop(std::to_string(expected) + " bytes of data, as its header says,", std::to_string(data_.size()));
  }
}

}  // namespace w2s
