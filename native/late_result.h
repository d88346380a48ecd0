// What a device still owes: a call puts its work in the device's queue and comes back at once, and what came of it
// is read once the next call has been put there too, so that the device never waits for the host.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Event.h>

#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace w2s {

/// Something that is there, or will be. Both functions are called on the job thread; `wait` once, and it may throw.
template <class T>
struct LateResult {
  /// Whether `wait` would come back at once.
  std::function<bool()> ready;
  std::function<T()> wait;
};

/// One that is there.
template <class T>
LateResult<T> early(T value) {
  return {[] { return true; }, [value = std::move(value)]() mutable { return std::move(value); }};
}

/// One that is said to be there at the `looks`th look only: for tests on a machine whose results are never late.
template <class T>
LateResult<T> held_back(LateResult<T> result, int looks) {
  return {[ready = std::move(result.ready), looks]() mutable { return --looks < 0 && ready(); },
          std::move(result.wait)};
}

/// Tensors on their way to host memory, behind all that their device was given before. The tensors of a CPU are
/// taken as they are.
class HostCopy {
 public:
  /// All on one device. Undefined tensors stay undefined.
  explicit HostCopy(const std::vector<at::Tensor>& tensors);

  bool ready() const { return !copied_ || copied_->query(); }
  /// In the order they were given.
  const std::vector<at::Tensor>& wait();

 private:
  std::vector<at::Tensor> host_;
  std::optional<c10::Event> copied_;
};

/// What `read` makes of tensors once they are on the host.
template <class T>
LateResult<T> late(const std::vector<at::Tensor>& tensors,
                   std::function<T(const std::vector<at::Tensor>&)> read) {
  auto copy = std::make_shared<HostCopy>(tensors);
  return {[copy] { return copy->ready(); }, [copy, read = std::move(read)] { return read(copy->wait()); }};
}

}  // namespace w2s
