#include "model_handle.h"

#include <ATen/Context.h>
#include <ATen/core/grad_mode.h>
#include <c10/util/env.h>

#include "../infer/scoring.h"
#include "../kernels/cuda/cuda_kernels.h"
#include "cancel_token.h"
#include "convert.h"
#include "cuda_library.h"
#include "packed_sequences.h"
#include "profile_values.h"
#include "promise_job.h"

namespace w2s {
namespace {

at::ScalarType read_dtype(const std::string& name) { return name == "bf16" ? at::kBFloat16 : at::kFloat; }

HeadRequest read_head(const Options& options) {
  HeadRequest head;
  const std::string kind = options.choice("head", {"lm", "classifier", "scalar", "likelihood", "tokens"});
  if (kind == "classifier") head.kind = HeadKind::kClassifier;
  if (kind == "scalar") head.kind = HeadKind::kScalar;
  if (kind == "likelihood") head.kind = HeadKind::kLikelihood;
  if (kind == "tokens") head.kind = HeadKind::kTokens;
  if (options.choice("vocabulary", {"restricted", "full"}, "restricted") == "full")
    head.vocabulary = AnswerVocabulary::kFull;
  head.labels = options.integer("labels", 1, 1 << 20, 2);
  if (options.has("headTokens")) head.tokens = options.int32_array("headTokens");
  return head;
}

// ATen keeps these for the whole process, so they only ever become stricter: a model that is loaded later
// must not take determinism from one that is running.
void set_up_arithmetic(const std::string& device, bool deterministic) {
  at::Context& context = at::globalContext();
  if (deterministic) {
    context.setDeterministicAlgorithms(true, /*warn_only=*/false);
    // It would fill every tensor that is made with NaN, to show who reads what was never written. Nobody here does.
    context.setDeterministicFillUninitializedMemory(false);
  }
  if (device == "cpu") return;
  context.setFloat32MatmulPrecision("highest");  // no TF32, whatever the container's environment says
  context.setAllowBF16ReductionCuBLAS(false);    // sums of bfloat16 products stay in float32
}

// cuBLAS is deterministic with workspaces of one size only. ATen looks once in a process, in the first
// product on the GPU, so this comes before it, whether determinism was asked for or not.
void fix_cublas_workspace() {
  c10::utils::set_env("CUBLAS_WORKSPACE_CONFIG", ":4096:8", /*overwrite=*/false);
}

struct ScoringCall {
  Sequences sequences;
  ScoringOptions options;
  std::shared_ptr<CancelToken> cancel;
  std::shared_ptr<ProgressChannel> progress;

  Progress reporter() const { return ProgressChannel::reporter(progress); }
};

ScoringCall read_scoring_call(const Napi::CallbackInfo& info, const std::string& what) {
  ScoringCall call;
  call.sequences = read_sequences(info[0], "the sequences of " + what);
  const Options options(info[1], "the options of " + what);
  call.options.language_model = options.choice("readout", {"head", "lm"}, "head") == "lm";
  call.options.micro_batch_tokens = options.integer("microBatchTokens", 1, 1LL << 40);
  call.options.fail_after_tokens = options.integer("failAfterTokens", 0, 1LL << 40, 0);
  call.options.share_prefixes = options.boolean("sharePrefixes", false);
  call.cancel = read_cancel_token(info.Env(), options.get("cancel"), options.name("cancel"));
  if (auto callback = options.function("onProgress"))
    call.progress = ProgressChannel::create(*callback, call.cancel);
  return call;
}

Napi::Value scores_to_js(Napi::Env env, Scores scores) {
  Napi::Object result = Napi::Object::New(env);
  result["logits"] = to_float32_array(env, std::move(scores.logits_BK));
  result["logProbabilities"] = to_float32_array(env, std::move(scores.log_probs_T));
  result["argmax"] = to_int32_array(env, std::move(scores.argmax_T));
  result["microBatchTokens"] = Napi::Number::New(env, static_cast<double>(scores.micro_batch_tokens));
  result["targetOffsets"] = to_int32_array(env, std::move(scores.target_offsets));
  return result;
}

struct NamedValues {
  std::vector<int64_t> shape;
  at::Tensor values;
};

}  // namespace

void ModelHandle::define(Napi::Env env) {
  const Napi::Function constructor = DefineClass(
      env, "NativeModel",
      {InstanceAccessor<&ModelHandle::info>("info"), InstanceMethod<&ModelHandle::score>("score"),
       InstanceMethod<&ModelHandle::hidden>("hidden"), InstanceMethod<&ModelHandle::generate>("generate"),
       InstanceMethod<&ModelHandle::set_likelihood>("setLikelihood"),
       InstanceMethod<&ModelHandle::likelihood>("likelihood"),
       InstanceMethod<&ModelHandle::parameter_names>("parameterNames"),
       InstanceMethod<&ModelHandle::parameter>("parameter"),
       InstanceMethod<&ModelHandle::set_parameter>("setParameter"),
       InstanceMethod<&ModelHandle::save>("save"), InstanceMethod<&ModelHandle::profile>("profile"),
       InstanceMethod<&ModelHandle::reset_profile>("resetProfile"),
       InstanceMethod<&ModelHandle::dispose>("dispose")});
  InstanceData::of(env).constructors["Model"] = Napi::Persistent(constructor);
}

ModelHandle::ModelHandle(const Napi::CallbackInfo& info) : Napi::ObjectWrap<ModelHandle>(info) {
  require_internal_call(info, "loadModel");
  tag_handle<ModelHandle>(info.This());
}

const std::shared_ptr<Model>& ModelHandle::model() const {
  if (!model_) fail("ERR_DISPOSED", "The model has been disposed.", "Load it again: loadModel(options)");
  return model_;
}

Napi::Value ModelHandle::load(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  return guarded_async(env, [&]() -> Napi::Value {
    const Options options(info[0], "loadModel's options");
    const std::string device = read_device(options.get("device"), options.name("device"));
    const int threads = static_cast<int>(options.integer("threads", 1, 4096));
    const bool deterministic = options.boolean("deterministic", false);
    const bool profile = options.boolean("profile", false);
    ModelOptions request;
    request.folder = options.string("folder");
    request.device = at::Device(device);
    request.compute_dtype = read_dtype(options.choice("dtype", {"f32", "bf16"}));
    request.head = read_head(options);
    request.reference = options.boolean("reference", false);
    if (device != "cpu") fix_cublas_workspace();  // here, since Node reads the environment on this thread
    const bool offsets = options.boolean("attentionOverOffsets", false);
    const std::string library = options.has("cudaLibrary") ? options.string("cudaLibrary") : "";
    auto work = [request, deterministic, profile, device, offsets, library,
                 cuda = InstanceData::of(env).cuda()]() mutable {
      prepare_device(*cuda, device);
      set_up_arithmetic(device, deterministic);
      if (!library.empty()) {
        request.kernels = cuda_kernels(CudaLibrary(library).entry_points());
      } else if (device != "cpu") {
        request.kernels = cuda_kernels(cuda->entry_points());
      } else if (offsets) {
        request.kernels = offset_kernels();
      }
      auto model = std::make_shared<Model>(request);
      if (profile) enable_profile(model->profile(), model->device());
      return model;
    };
    auto finish = [device, threads](Napi::Env env, std::shared_ptr<Model> model) -> Napi::Value {
      const Napi::Object object =
          InstanceData::of(env).constructors["Model"].New({Napi::External<void>::New(env, nullptr)});
      ModelHandle* handle = ModelHandle::Unwrap(object);
      handle->model_ = std::move(model);
      handle->device_ = device;
      handle->threads_ = threads;
      return object;
    };
    return submit(env, device, threads, nullptr, std::move(work), std::move(finish));
  });
}

Napi::Value ModelHandle::info(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  return guarded(env, [&]() -> Napi::Value {
    const DecoderConfig& config = model()->config();
    Napi::Object result = Napi::Object::New(env);
    result["family"] = Napi::String::New(env, config.family);
    result["parameters"] = Napi::Number::New(env, static_cast<double>(model()->parameter_count()));
    result["layers"] = Napi::Number::New(env, static_cast<double>(config.layers));
    result["hiddenSize"] = Napi::Number::New(env, static_cast<double>(config.hidden_size));
    result["vocabularySize"] = Napi::Number::New(env, static_cast<double>(config.vocabulary_size));
    result["contextLength"] = Napi::Number::New(env, static_cast<double>(config.context_length));
    result["heads"] = Napi::Number::New(env, static_cast<double>(config.heads));
    result["kvHeads"] = Napi::Number::New(env, static_cast<double>(config.kv_heads));
    result["headSize"] = Napi::Number::New(env, static_cast<double>(config.head_dim));
    result["mlpSize"] = Napi::Number::New(env, static_cast<double>(config.mlp_size));
    result["mlpGated"] = Napi::Boolean::New(env, !config.names.mlp_gate.empty());
    result["windows"] = to_number_array(env, config.windows);
    result["outputs"] = Napi::Number::New(env, static_cast<double>(model()->head().outputs()));
    result["headFrom"] = Napi::String::New(env, model()->head().from_folder() ? "folder" : "fresh");
    return result;
  });
}

Napi::Value ModelHandle::score(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  return guarded_async(env, [&]() -> Napi::Value {
    ScoringCall call = read_scoring_call(info, "score");
    const auto cancel = call.cancel;
    const auto progress = call.progress;
    auto work = [model = model(), call = std::move(call)](CancelToken& token) {
      return w2s::score(*model, call.sequences, call.options, token, call.reporter());
    };
    return submit(env, device_, threads_, cancel, std::move(work), scores_to_js, progress);
  });
}

Napi::Value ModelHandle::hidden(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  return guarded_async(env, [&]() -> Napi::Value {
    ScoringCall call = read_scoring_call(info, "hidden");
    const auto cancel = call.cancel;
    const auto progress = call.progress;
    auto work = [model = model(), call = std::move(call)](CancelToken& token) {
      return hidden_states(*model, call.sequences, call.options, token, call.reporter());
    };
    auto finish = [](Napi::Env env, std::vector<float> hidden_BD) -> Napi::Value {
      return to_float32_array(env, std::move(hidden_BD));
    };
    return submit(env, device_, threads_, cancel, std::move(work), std::move(finish), progress);
  });
}

Napi::Value ModelHandle::set_likelihood(const Napi::CallbackInfo& info) {
  return guarded_async(info.Env(), [&]() -> Napi::Value {
    const Options options(info[0], "setLikelihood's argument");
    const double infinity = std::numeric_limits<double>::infinity();
    const Likelihood likelihood{options.number("scale", -infinity, infinity),
                                options.number("bias", -infinity, infinity)};
    auto work = [model = model(), likelihood] { model->head().set_likelihood(likelihood); };
    return submit(info.Env(), device_, threads_, nullptr, std::move(work), finish_undefined);
  });
}

Napi::Value ModelHandle::likelihood(const Napi::CallbackInfo& info) {
  return guarded_async(info.Env(), [&]() -> Napi::Value {
    auto work = [model = model()] { return model->head().likelihood(); };
    auto finish = [](Napi::Env env, Likelihood likelihood) -> Napi::Value {
      Napi::Object result = Napi::Object::New(env);
      result["scale"] = Napi::Number::New(env, likelihood.scale);
      result["bias"] = Napi::Number::New(env, likelihood.bias);
      return result;
    };
    return submit(info.Env(), device_, threads_, nullptr, std::move(work), std::move(finish));
  });
}

Napi::Value ModelHandle::parameter_names(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  return guarded(env, [&]() -> Napi::Value {
    Napi::Array names = Napi::Array::New(env);
    uint32_t index = 0;
    for (const Parameter& parameter : model()->parameters())
      names[index++] = Napi::String::New(env, parameter.name);
    return names;
  });
}

Napi::Value ModelHandle::parameter(const Napi::CallbackInfo& info) {
  return guarded_async(info.Env(), [&]() -> Napi::Value {
    auto work = [model = model(), name = read_string(info[0], "the parameter's name")] {
      model->bring_up_to_date();
      const at::Tensor tensor = model->parameter(name).tensor.detach();
      return NamedValues{tensor.sizes().vec(), tensor.to(at::kCPU).clone()};
    };
    auto finish = [](Napi::Env env, NamedValues found) -> Napi::Value {
      Napi::Object result = Napi::Object::New(env);
      result["shape"] = to_number_array(env, found.shape);
      result["values"] = to_float32_array(env, std::move(found.values));
      return result;
    };
    return submit(info.Env(), device_, threads_, nullptr, std::move(work), std::move(finish));
  });
}

Napi::Value ModelHandle::set_parameter(const Napi::CallbackInfo& info) {
  return guarded_async(info.Env(), [&]() -> Napi::Value {
    auto work = [model = model(), name = read_string(info[0], "the parameter's name"),
                 values = read_float32_tensor(info[1], "the parameter's values")] {
      const at::NoGradGuard no_grad;
      at::Tensor tensor = model->parameter(name).tensor;
      if (values.numel() != tensor.numel()) {
        fail("ERR_ARGUMENT", "Expected " + std::to_string(tensor.numel()) + " values for '" + name +
                                 "' but received " + std::to_string(values.numel()) + ".");
      }
      model->bring_up_to_date();
      tensor.copy_(values.view(tensor.sizes()));
      model->weights_changed();
    };
    return submit(info.Env(), device_, threads_, nullptr, std::move(work), finish_undefined);
  });
}

Napi::Value ModelHandle::save(const Napi::CallbackInfo& info) {
  return guarded_async(info.Env(), [&]() -> Napi::Value {
    auto work = [model = model(), folder = read_string(info[0], "the folder"),
                 dtype = read_dtype(read_choice(info[1], "the dtype", {"f32", "bf16"}))] {
      model->save(folder, dtype);
    };
    return submit(info.Env(), device_, threads_, nullptr, std::move(work), finish_undefined);
  });
}

Napi::Value ModelHandle::profile(const Napi::CallbackInfo& info) {
  return guarded_async(info.Env(), [&]() -> Napi::Value {
    auto work = [model = model()] { return model->profile(); };
    return submit(info.Env(), device_, threads_, nullptr, std::move(work), profile_to_js);
  });
}

Napi::Value ModelHandle::reset_profile(const Napi::CallbackInfo& info) {
  return guarded_async(info.Env(), [&]() -> Napi::Value {
    auto work = [model = model()] { model->profile().reset(); };
    return submit(info.Env(), device_, threads_, nullptr, std::move(work), finish_undefined);
  });
}

Napi::Value ModelHandle::dispose(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    release_on_job_thread(info.Env(), device_, model_);
    return info.Env().Undefined();
  });
}

}  // namespace w2s
