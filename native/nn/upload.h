// The small arrays of a micro-batch on their way to its device: one buffer, one copy.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/ScalarType.h>
#include <c10/core/Stream.h>

#include <cstdint>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

namespace w2s {

/// Where a micro-batch goes. A device alone is enough; with a stream for copies, those of one micro-batch run beside
/// what the device still computes of another.
struct UploadTarget {
  UploadTarget(const at::Device& to) : device(to) {}  // implicit: see above
  UploadTarget(at::DeviceType to) : device(to) {}
  /// With a stream for copies, on devices that have streams. Keep it: each has its own memory on the device.
  static UploadTarget with_stream(const at::Device& to);

  at::Device device;
  std::optional<c10::Stream> copies;
};

/// Collects index arrays and sends them together. To a GPU they go from pinned memory and in one copy; the host waits
/// for nothing, and the device's current stream waits for the copy alone. On the CPU nothing is copied a second time.
class BatchUpload {
 public:
  explicit BatchUpload(UploadTarget target) : target_(target) {}

  /// `send` makes `into` a tensor [size] of these values. It has to stay where it is until then.
  template <class Number>
  void add(at::Tensor& into, std::vector<Number> values) {
    items_.push_back({&into, std::move(values), c10::CppTypeToScalarType<Number>::value});
  }
  /// Once, after everything was added. Gives the buffer that all of it lies in, uint8: the same numbers of values,
  /// added in the same order, lie in the same places.
  at::Tensor send();

 private:
  using Values = std::variant<std::vector<int64_t>, std::vector<int32_t>, std::vector<float>>;
  struct Item {
    at::Tensor* into = nullptr;
    Values values;
    at::ScalarType type = at::kLong;
  };

  UploadTarget target_;
  std::vector<Item> items_;
};

/// One array.
template <class Number>
at::Tensor uploaded(const UploadTarget& target, std::vector<Number> values) {
  at::Tensor result;
  BatchUpload upload(target);
  upload.add(result, std::move(values));
  upload.send();
  return result;
}

}  // namespace w2s
