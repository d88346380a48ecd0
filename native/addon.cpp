// Module registration: the exports that src/native/binding.ts declares. Everything that lives longer than a
// call belongs to the environment's InstanceData.
#include <ATen/Version.h>
#include <napi.h>

#include "bindings/cancel_token.h"
#include "bindings/check_attention.h"
#include "bindings/check_waits.h"
#include "bindings/cuda_library.h"
#include "bindings/fit_linear.h"
#include "bindings/instance.h"
#include "bindings/measure_product.h"
#include "bindings/model_handle.h"
#include "bindings/pack_call.h"
#include "bindings/run_kernel.h"
#include "bindings/trainer_handle.h"
#include "nn/product.h"

namespace w2s {
namespace {

Napi::Value build_info(const Napi::CallbackInfo& info) {
  Napi::Object result = Napi::Object::New(info.Env());
  result["builtFor"] = Napi::String::New(info.Env(), W2S_TORCH_VERSION);
  result["cpuCapability"] = Napi::String::New(info.Env(), at::get_cpu_capability());
  result["float32Products"] = Napi::String::New(info.Env(), float32_product_library());
  result["compiler"] = Napi::String::New(info.Env(), __VERSION__);
  return result;
}

Napi::Object initialise(Napi::Env env, Napi::Object exports) {
  InstanceData::install(env);
  CancelTokenHandle::define(env);
  ModelHandle::define(env);
  TrainerHandle::define(env);
  exports["buildInfo"] = Napi::Function::New<build_info>(env, "buildInfo");
  exports["cudaDevices"] = Napi::Function::New<cuda_devices>(env, "cudaDevices");
  exports["loadModel"] = Napi::Function::New<ModelHandle::load>(env, "loadModel");
  exports["createTrainer"] = Napi::Function::New<TrainerHandle::create>(env, "createTrainer");
  exports["fitLinear"] = Napi::Function::New<fit_linear_call>(env, "fitLinear");
  exports["packMicroBatches"] = Napi::Function::New<pack_call>(env, "packMicroBatches");
  exports["runKernel"] = Napi::Function::New<run_kernel_call>(env, "runKernel");
  exports["measureProduct"] = Napi::Function::New<measure_product_call>(env, "measureProduct");
  exports["deviceMemory"] = Napi::Function::New<device_memory_call>(env, "deviceMemory");
  exports["checkAttention"] = Napi::Function::New<check_attention>(env, "checkAttention");
  exports["checkWaits"] = Napi::Function::New<check_waits>(env, "checkWaits");
  exports["createCancelToken"] = Napi::Function::New<CancelTokenHandle::create>(env, "createCancelToken");
  exports["shutdown"] = Napi::Function::New<shutdown_environment>(env, "shutdown");
  return exports;
}

}  // namespace

NODE_API_MODULE(w2s, initialise)

}  // namespace w2s
