#include "measure_product.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/randn.h>
#include <c10/core/CachingDeviceAllocator.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <vector>

#include "../nn/product.h"
#include "cancel_token.h"
#include "convert.h"
#include "cuda_library.h"
#include "promise_job.h"

namespace w2s {
namespace {

struct ProductRequest {
  int64_t m = 0, k = 0, n = 0;
  bool transposed_left = false, transposed_right = false;
  at::ScalarType dtype = at::kFloat;
  int64_t repetitions = 0;
};

// A repetition takes about so long: many products where one is quick, so that neither clock nor launch counts.
constexpr double kRepetitionSeconds = 0.01;

void wait_for(const c10::Device& device) {
  if (!device.is_cpu()) c10::impl::VirtualGuardImpl(device.type()).synchronizeDevice(device.index());
}

at::Tensor operand(int64_t rows, int64_t columns, bool transposed, const at::TensorOptions& options) {
  if (!transposed) return at::randn({rows, columns}, options.dtype(at::kFloat)).to(options.dtype());
  return at::randn({columns, rows}, options.dtype(at::kFloat)).to(options.dtype()).t();
}

std::vector<double> measure(const ProductRequest& request, const c10::Device& device, CancelToken& cancel) {
  const at::TensorOptions options = at::TensorOptions(device).dtype(request.dtype);
  const at::Tensor left = operand(request.m, request.k, request.transposed_left, options);
  const at::Tensor right = operand(request.k, request.n, request.transposed_right, options);
  at::Tensor result = at::empty({request.m, request.n}, options);
  auto seconds_of = [&](int64_t calls) {
    const auto start = std::chrono::steady_clock::now();
    for (int64_t call = 0; call < calls; ++call) product(result, left, right);
    wait_for(device);
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() /
           static_cast<double>(calls);
  };
  seconds_of(2);  // libraries choose and compile at the first call of a shape
  const double once = std::max(seconds_of(1), 1e-9);
  const int64_t calls = static_cast<int64_t>(std::clamp(std::ceil(kRepetitionSeconds / once), 1.0, 1e5));
  std::vector<double> seconds;
  for (int64_t repetition = 0; repetition < request.repetitions; ++repetition) {
    cancel.throw_if_cancelled();
    seconds.push_back(seconds_of(calls));
  }
  return seconds;
}

}  // namespace

Napi::Value measure_product_call(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  return guarded_async(env, [&]() -> Napi::Value {
    constexpr int64_t kMost = 1LL << 24;
    const Options options(info[0], "measureProduct's options");
    ProductRequest request;
    request.m = options.integer("m", 1, kMost);
    request.k = options.integer("k", 1, kMost);
    request.n = options.integer("n", 1, kMost);
    request.transposed_left = options.boolean("transposedLeft", false);
    request.transposed_right = options.boolean("transposedRight", false);
    if (options.choice("dtype", {"f32", "bf16"}) == "bf16") request.dtype = at::kBFloat16;
    request.repetitions = options.integer("repetitions", 1, 1 << 20);
    const std::string device = read_device(options.get("device"), options.name("device"));
    const int threads = static_cast<int>(options.integer("threads", 1, 4096));
    const auto cancel = read_cancel_token(env, options.get("cancel"), options.name("cancel"));
    auto work = [request, device, cuda = InstanceData::of(env).cuda()](CancelToken& token) {
      prepare_device(*cuda, device);
      return measure(request, c10::Device(device), token);
    };
    auto finish = [](Napi::Env env, std::vector<double> seconds) -> Napi::Value {
      Napi::Array result = Napi::Array::New(env, seconds.size());
      for (std::size_t i = 0; i < seconds.size(); ++i)
        result[static_cast<uint32_t>(i)] = Napi::Number::New(env, seconds[i]);
      return result;
    };
    return submit(env, device, threads, cancel, std::move(work), std::move(finish));
  });
}

Napi::Value device_memory_call(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  return guarded_async(env, [&]() -> Napi::Value {
    const std::string device = read_device(info[0], "the device of deviceMemory");
    const bool reset = read_bool(info[1], "whether deviceMemory resets the peak");
    if (device == "cpu") fail_argument("a CUDA device", "deviceMemory", info[0]);
    struct Bytes {
      double now, peak;
    };
    auto work = [device, reset, cuda = InstanceData::of(env).cuda()] {
      prepare_device(*cuda, device);
      const c10::Device where(device);
      auto* allocator = dynamic_cast<c10::DeviceAllocator*>(c10::GetAllocator(where.type()));
      if (allocator == nullptr)
        fail("ERR_DEVICE", "Expected an allocator with statistics but received another.");
      const auto stats = allocator->getDeviceStats(where.index());
      if (reset) allocator->resetPeakStats(where.index());
      const auto& all =
          stats.allocated_bytes[static_cast<std::size_t>(c10::CachingAllocator::StatType::AGGREGATE)];
      return Bytes{static_cast<double>(all.current), static_cast<double>(all.peak)};
    };
    auto finish = [](Napi::Env env, Bytes bytes) -> Napi::Value {
      Napi::Object result = Napi::Object::New(env);
      result["allocated"] = Napi::Number::New(env, bytes.now);
      result["peak"] = Napi::Number::New(env, bytes.peak);
      return result;
    };
    return submit(env, device, 1, nullptr, std::move(work), std::move(finish));
  });
}

}  // namespace w2s
