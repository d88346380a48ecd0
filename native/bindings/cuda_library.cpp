#include "cuda_library.h"

#include <ATen/detail/CUDAHooksInterface.h>
#include <dlfcn.h>
#include <unistd.h>

#include "../error.h"
#include "errors.h"
#include "instance.h"

namespace w2s {
namespace {

constexpr const char* kCpuHint =
    "See what is there with `w2s-native doctor`, or compute on the CPU with `--device cpu`.";
constexpr const char* kBuildHint =
    "Build it with a CUDA libtorch and nvcc: `w2s-native setup --device cuda`, or compute on the CPU with "
    "`--device cpu`.";

// The library lies where this very code was loaded from.
std::string library_path() {
  Dl_info info{};
  if (dladdr(reinterpret_cast<void*>(&library_path), &info) == 0 || info.dli_fname == nullptr) return {};
  const std::string addon = info.dli_fname;
  const std::size_t slash = addon.rfind('/');
  return (slash == std::string::npos ? std::string(".") : addon.substr(0, slash)) + "/w2s_cuda.so";
}

[[noreturn]] void fail_open(const std::string& reason) {
  if (reason.find("libcuda.so") != std::string::npos) {
    fail("ERR_DEVICE", "Expected an NVIDIA driver for device cuda but received none: " + reason + ".",
         "Install the driver and look at it with `nvidia-smi`, or compute on the CPU with `--device cpu`.");
  }
  fail("ERR_DEVICE", "Expected to open the CUDA library for device cuda but received: " + reason + ".",
       kCpuHint);
}

template <class Function>
void find_symbol(void* handle, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(handle, name));
  if (function == nullptr) {
    fail("ERR_DEVICE",
         std::string("Expected `") + name + "` in the CUDA library but received one without it.", kBuildHint);
  }
}

template <class Call>
void call(const std::string& doing, const Call& function) {
  const auto reason = failure_of(function);
  if (!reason) return;
  const bool other_gpu = reason->find("no kernel image") != std::string::npos;
  fail("ERR_DEVICE", "Expected to " + doing + " but received: " + *reason + ".",
       other_gpu ? kBuildHint : kCpuHint);
}

// ATen asks once in a process whether CUDA is there, at the latest in the first backward pass, and remembers
// the answer: when that came before this library was opened, CUDA cannot be used any more.
void require_cuda_in_aten() {
  if (at::detail::getCUDAHooks().hasCUDA()) return;
  fail(
      "ERR_DEVICE",
      "Expected device cuda to be opened before this process computed on the CPU but received it afterwards.",
      "Call `cudaDevices()` or load the CUDA model first, or start another process: `w2s-native … --device "
      "cuda`.");
}

std::shared_ptr<const CudaEntryPoints> find_entry_points(void* handle) {
  decltype(&w2s_cuda_revision) revision = nullptr;
  find_symbol(handle, "w2s_cuda_revision", revision);
  if (revision() != W2S_CUDA_REVISION) {
    fail("ERR_DEVICE",
         "Expected revision " + std::to_string(W2S_CUDA_REVISION) + " of the CUDA library but received " +
             std::to_string(revision()) + ".",
         kBuildHint);
  }
  auto entry = std::make_shared<CudaEntryPoints>();
#define W2S_CUDA_FIND(name) find_symbol(handle, "w2s_cuda_" #name, entry->name);
  W2S_CUDA_ENTRY_POINTS(W2S_CUDA_FIND)
#undef W2S_CUDA_FIND
  return entry;
}

}  // namespace

CudaLibrary::CudaLibrary(std::string path) : path_(std::move(path)) {}

void CudaLibrary::open() {
  if (entry_) return;
  const std::string path = path_.empty() ? library_path() : path_;
  if (::access(path.c_str(), R_OK) != 0) {
    fail("ERR_DEVICE",
         "Expected the CUDA library at " + path + " but received an addon that was built without it.",
         kBuildHint);
  }
  // Never closed: what libtorch's CUDA part registers cannot be taken back. A second open gives the same one.
  void* handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) {
    const char* reason = dlerror();
    fail_open(reason == nullptr ? "no reason" : reason);
  }
  entry_ = find_entry_points(handle);
}

std::vector<CudaDeviceInfo> CudaLibrary::devices() {
  const std::lock_guard lock(mutex_);
  std::vector<CudaDeviceInfo> devices;
  const std::int32_t count = open_and_count();
  for (std::int32_t index = 0; index < count; ++index) devices.push_back(describe(index));
  return devices;
}

std::int32_t CudaLibrary::open_and_count() {
  open();
  std::int32_t count = 0;
  call("find a GPU for device cuda",
       [&](char* error, std::size_t size) { return entry_->device_count(&count, error, size); });
  return count;
}

CudaDeviceInfo CudaLibrary::describe(int index) const {
  w2s_cuda_device device{};
  call("look at device cuda:" + std::to_string(index),
       [&](char* error, std::size_t size) { return entry_->describe(index, &device, error, size); });
  return {device.index,        device.name,        device.major,    device.minor,
          device.total_memory, device.free_memory, device.bf16 != 0};
}

void CudaLibrary::use_device(int index) {
  const std::lock_guard lock(mutex_);
  if (usable_.count(index) != 0) return;
  const std::int32_t count = open_and_count();
  if (index < 0 || index >= count) {
    fail("ERR_DEVICE",
         "Expected one of " + std::to_string(count) +
             " GPUs, counted from 0, for the device but received cuda:" + std::to_string(index) + ".",
         kCpuHint);
  }
  require_cuda_in_aten();
  const CudaDeviceInfo device = describe(index);
  call("run a kernel on " + device.name + " (cuda:" + std::to_string(index) + ", compute capability " +
           std::to_string(device.major) + "." + std::to_string(device.minor) + ")",
       [&](char* error, std::size_t size) { return entry_->probe(index, error, size); });
  usable_.insert(index);
}

std::shared_ptr<const CudaEntryPoints> CudaLibrary::entry_points() {
  const std::lock_guard lock(mutex_);
  open();
  return entry_;
}

Napi::Value cuda_devices(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  return guarded(env, [&]() -> Napi::Value {
    const auto devices = InstanceData::of(env).cuda()->devices();
    Napi::Array result = Napi::Array::New(env, devices.size());
    for (std::size_t i = 0; i < devices.size(); ++i) {
      const CudaDeviceInfo& device = devices[i];
      Napi::Object item = Napi::Object::New(env);
      item["index"] = Napi::Number::New(env, device.index);
      item["name"] = Napi::String::New(env, device.name);
      item["computeCapability"] =
          Napi::String::New(env, std::to_string(device.major) + "." + std::to_string(device.minor));
      item["totalMemory"] = Napi::Number::New(env, static_cast<double>(device.total_memory));
      item["freeMemory"] = Napi::Number::New(env, static_cast<double>(device.free_memory));
      item["bf16"] = Napi::Boolean::New(env, device.bf16);
      result.Set(static_cast<std::uint32_t>(i), item);
    }
    return result;
  });
}

void prepare_device(CudaLibrary& cuda, const std::string& device) {
  if (device == "cpu") return;
  cuda.use_device(std::stoi(device.substr(device.find(':') + 1)));
}

}  // namespace w2s
