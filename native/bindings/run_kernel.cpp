#include "run_kernel.h"

#include "../kernels/cuda/cuda_kernels.h"
#include "cancel_token.h"
#include "convert.h"
#include "cuda_library.h"
#include "instance.h"
#include "kernel_request.h"
#include "promise_job.h"

namespace w2s {
namespace {

constexpr int64_t kMost = 1LL << 31;

at::Tensor read_tensor(const Napi::Value& value, const std::string& what) {
  const Options options(value, what);
  const std::vector<int32_t> shape = options.int32_array("shape");
  return read_float32_tensor(options.get("values"), options.name("values"))
      .view(std::vector<int64_t>(shape.begin(), shape.end()));
}

TensorsByName read_inputs(const Options& options) {
  const Napi::Value value = options.get("inputs");
  const Options inputs(value, options.name("inputs"));
  TensorsByName tensors;
  const auto object = value.As<Napi::Object>();
  const Napi::Array names = object.GetPropertyNames();
  for (uint32_t i = 0; i < names.Length(); ++i) {
    const std::string name = names.Get(i).As<Napi::String>().Utf8Value();
    tensors[name] = read_tensor(object.Get(name), inputs.name(name.c_str()));
  }
  return tensors;
}

AttentionLayout read_layout(const Options& options) {
  const Options layout(options.get("layout"), options.name("layout"));
  AttentionLayout read;
  const std::vector<int32_t> branches = layout.int32_array("branches");
  for (size_t i = 0; i + 3 < branches.size(); i += 4) {
    read.branches.push_back({{branches[i], branches[i + 1]}, branches[i + 2], branches[i + 3]});
    read.rows = std::max<int64_t>(read.rows, branches[i] + branches[i + 1]);
  }
  const std::vector<int32_t> runs = layout.int32_array("runs");
  for (size_t i = 0; i + 1 < runs.size(); i += 2) read.runs.push_back({runs[i], runs[i + 1]});
  for (const int32_t offset : layout.int32_array("runOffsets")) read.run_offsets.push_back(offset);
  for (const int32_t offset : layout.int32_array("queryOffsets")) read.query_offsets.push_back(offset);
  read.query_places = layout.int32_array("queryPlaces");
  if (read.run_offsets.size() != read.branches.size() + 1 ||
      read.query_offsets.size() != read.branches.size() + 1 || read.query_offsets.back() != read.queries())
    fail("ERR_ARGUMENT", "Expected offsets for each branch of " + options.name("layout") + ".");
  return read;
}

// The same layout with what a device needs.
AttentionLayout on_device(AttentionLayout layout, const at::Device& device) {
  if (device.is_cpu()) return layout;
  BatchUpload upload(device);
  add_kernel_offsets(layout, upload);
  upload.send();
  return layout;
}

Activation read_activation(const Options& options) {
  const std::string name = options.choice("activation", {"gelu-tanh", "gelu", "silu", "relu"}, "silu");
  if (name == "gelu-tanh") return Activation::kGeluTanh;
  if (name == "gelu") return Activation::kGelu;
  return name == "silu" ? Activation::kSilu : Activation::kRelu;
}

Threshold read_threshold(const Options& options) {
  const Napi::Value value = options.get("threshold");
  if (value.IsNumber()) return {Threshold::Rule::kValue, value.As<Napi::Number>().DoubleValue()};
  const std::string name = options.choice("threshold", {"half", "weak-mean"}, "half");
  return {name == "half" ? Threshold::Rule::kHalf : Threshold::Rule::kWeakMean, 0.5};
}

std::shared_ptr<const Kernels> choose_kernels(const std::string& implementation, CudaLibrary& cuda) {
  if (implementation == "cuda") return cuda_kernels(cuda.entry_points());
  return implementation == "cpu" ? cpu_kernels() : plain_kernels();
}

KernelRequest read_request(const Options& options) {
  KernelRequest request;
  request.kernel = options.string("kernel");
  request.dtype = options.choice("dtype", {"f32", "bf16"}) == "bf16" ? at::kBFloat16 : at::kFloat;
  request.inputs = read_inputs(options);
  if (options.has("targets")) request.targets = options.int32_array("targets");
  if (options.has("layout")) request.layout = read_layout(options);
  request.window = options.integer("window", 0, kMost, 0);
  if (options.has("scale")) request.scale = options.number("scale", 0.0, 1e30);
  if (options.has("epsilon")) request.epsilon = options.number("epsilon", 0.0, 1e30);
  if (options.has("alpha")) request.alpha = options.number("alpha", 0.0, 1.0);
  request.activation = read_activation(options);
  request.norm =
      options.choice("norm", {"layer", "rms"}, "rms") == "layer" ? NormKind::kLayerNorm : NormKind::kRmsNorm;
  request.threshold = read_threshold(options);
  request.inverse = options.boolean("inverse", false);
  request.log_probabilities = options.boolean("logProbabilities", false);
  request.chunk_rows = options.integer("chunkRows", 1, kMost, 0);
  request.repetitions = options.integer("repetitions", 1, kMost, 1);
  return request;
}

Napi::Value result_to_js(Napi::Env env, KernelResult found) {
  Napi::Object outputs = Napi::Object::New(env);
  for (auto& [name, tensor] : found.outputs) {
    Napi::Object output = Napi::Object::New(env);
    const at::IntArrayRef sizes = tensor.sizes();
    output["shape"] = to_int32_array(env, std::vector<int32_t>(sizes.begin(), sizes.end()));
    output["values"] = to_float32_array(env, std::move(tensor));
    outputs[name] = output;
  }
  Napi::Object result = Napi::Object::New(env);
  result["outputs"] = outputs;
  result["forwardSeconds"] = Napi::Number::New(env, found.forward_seconds);
  result["backwardSeconds"] = Napi::Number::New(env, found.backward_seconds);
  return result;
}

}  // namespace

Napi::Value run_kernel_call(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  return guarded_async(env, [&]() -> Napi::Value {
    const Options options(info[0], "runKernel's options");
    const std::string device = read_device(options.get("device"), options.name("device"));
    const std::string implementation = options.choice("implementation", {"plain", "cpu", "cuda"});
    auto cuda = InstanceData::of(env).cuda();
    if (options.has("library")) cuda = std::make_shared<CudaLibrary>(options.string("library"));
    const int threads = static_cast<int>(options.integer("threads", 1, 4096));
    auto work = [request = read_request(options), device, implementation, cuda]() mutable {
      prepare_device(*cuda, device);
      request.device = at::Device(device);
      if (!request.layout.branches.empty()) request.layout = on_device(request.layout, request.device);
      request.kernels = choose_kernels(implementation, *cuda);
      return run_kernel(request);
    };
    return submit(env, device, threads, nullptr, std::move(work), result_to_js);
  });
}

}  // namespace w2s
