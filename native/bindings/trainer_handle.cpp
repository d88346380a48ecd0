#include "trainer_handle.h"

#include <atomic>

#include "../kernels/cuda/cuda_graphs.h"
#include "cancel_token.h"
#include "convert.h"
#include "cuda_library.h"
#include "model_handle.h"
#include "packed_sequences.h"
#include "promise_job.h"

namespace w2s {

struct TrainerHandle::Lazy {
  std::shared_ptr<Model> model;
  TrainerOptions options;
  std::shared_ptr<CudaLibrary> graphs;  // null: nothing is recorded
  std::unique_ptr<Trainer> trainer;
  std::atomic<int64_t> micro_batch_tokens;  // the trainer's, for the JavaScript thread
  std::atomic<int64_t> replays = 0;         // the same
  std::atomic<bool> records = false;        // the same

  Trainer& get() {
    if (trainer) return *trainer;
    if (graphs) options.recorder = recorder();
    trainer = std::make_unique<Trainer>(model, options);
    return *trainer;
  }

  std::shared_ptr<WorkRecorder> recorder() const {
    const at::Device& device = model->device();
    return device.is_cpu() ? rerunning_recorder() : cuda_recorder(graphs->entry_points(), device);
  }

  /// A call that may make the micro-batches smaller.
  template <class Call>
  auto run(const Call& call) {
    struct Publish {
      Lazy& lazy;
      ~Publish() {
        lazy.micro_batch_tokens = lazy.trainer->micro_batch_tokens();
        lazy.replays = lazy.trainer->replays();
        lazy.records = lazy.trainer->records();
      }
    };
    Trainer& own = get();
    const Publish publish{*this};
    return call(own);
  }
};

namespace {

constexpr double kLeastTemperature = 1e-6;
constexpr double kMostPower = 1e6;

Threshold read_threshold(const Options& options) {
  if (options.get("threshold").IsNumber())
    return {Threshold::Rule::kValue, options.number("threshold", 0.0, 1.0)};
  const std::string rule = options.choice("threshold", {"half", "weak-mean"});
  return {rule == "half" ? Threshold::Rule::kHalf : Threshold::Rule::kWeakMean};
}

void read_window(const Options& options, Objective& objective) {
  if (options.get("radius").IsNumber()) {
    objective.loss = LossKind::kWindow;
    objective.radius = options.number("radius", 0.0, 0.5);
  } else {
    objective.loss = LossKind::kWindowOfMedian;
    options.choice("radius", {"median"});
  }
}

void read_parameters(const Options& options, const std::string& loss, Objective& objective) {
  if (loss == "confidence") {
    objective.loss = LossKind::kConfidence;
    objective.alpha = options.number("alpha", 0.0, 1.0);
    objective.threshold = read_threshold(options);
  } else if (loss == "product") {
    objective.loss = LossKind::kProduct;
    objective.alpha = options.number("alpha", 0.0, kMostPower);
    objective.beta = options.number("beta", 0.0, kMostPower);
  } else if (loss == "reverse-kl") {
    objective.loss = LossKind::kReverseKl;
  } else if (loss == "window") {
    read_window(options, objective);
  } else if (loss == "entropy") {
    objective.loss = LossKind::kEntropy;
    objective.alpha = options.number("alpha", 0.0, 1.0);
  } else if (loss == "adaptive-confidence") {
    objective.loss = LossKind::kAdaptiveConfidence;
    objective.temperature = options.number("temperature", kLeastTemperature, kMostPower);
  }
}

Objective read_objective(const Napi::Value& value) {
  const Options options(value, "forwardBackward's objective");
  Objective objective;
  const std::string loss = options.choice("loss", {"xent", "confidence", "product", "reverse-kl", "window",
                                                   "entropy", "adaptive-confidence", "lm"});
  if (loss == "lm") {
    objective.loss = LossKind::kLanguageModel;
    return objective;
  }
  objective.targets_BK = options.float32_array("targets");
  objective.group = options.integer("group", 1, 1 << 20, 1);
  read_parameters(options, loss, objective);
  return objective;
}

OptimizerKind read_optimizer(const std::string& name) {
  if (name == "muon") return OptimizerKind::kMuon;
  return name == "adam" ? OptimizerKind::kAdam : OptimizerKind::kAdamW;
}

Napi::Value tensor_to_js(Napi::Env env, at::Tensor values) {
  return to_float32_array(env, std::move(values));
}

}  // namespace

void TrainerHandle::define(Napi::Env env) {
  const Napi::Function constructor =
      DefineClass(env, "NativeTrainer",
                  {InstanceAccessor<&TrainerHandle::micro_batch_tokens>("microBatchTokens"),
                   InstanceAccessor<&TrainerHandle::replays>("replays"),
                   InstanceAccessor<&TrainerHandle::records>("records"),
                   InstanceMethod<&TrainerHandle::forward>("forward"),
                   InstanceMethod<&TrainerHandle::backward>("backward"),
                   InstanceMethod<&TrainerHandle::forward_backward>("forwardBackward"),
                   InstanceMethod<&TrainerHandle::step>("step"),
                   InstanceMethod<&TrainerHandle::find_micro_batch_tokens>("findMicroBatchTokens"),
                   InstanceMethod<&TrainerHandle::gradient>("gradient"),
                   InstanceMethod<&TrainerHandle::check_finite>("checkFinite"),
                   InstanceMethod<&TrainerHandle::save_checkpoint>("saveCheckpoint"),
                   InstanceMethod<&TrainerHandle::load_checkpoint>("loadCheckpoint"),
                   InstanceMethod<&TrainerHandle::dispose>("dispose")});
  InstanceData::of(env).constructors["Trainer"] = Napi::Persistent(constructor);
}

TrainerHandle::TrainerHandle(const Napi::CallbackInfo& info) : Napi::ObjectWrap<TrainerHandle>(info) {
  require_internal_call(info, "createTrainer");
  tag_handle<TrainerHandle>(info.This());
}

Napi::Value TrainerHandle::create(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  return guarded(env, [&]() -> Napi::Value {
    const ModelHandle& model = unwrap_handle<ModelHandle>(info[0], "createTrainer's model");
    const Options options(info[1], "createTrainer's options");
    auto lazy = std::make_shared<Lazy>();
    lazy->model = model.model();
    lazy->options.optimizer = read_optimizer(options.choice("optimizer", {"adamw", "adam", "muon"}));
    lazy->options.weight_decay = options.number("weightDecay", 0.0, 1e6);
    lazy->options.clip = options.number("clip", 0.0, 1e30);
    lazy->options.micro_batch_tokens = options.integer("microBatchTokens", 1, 1LL << 40);
    lazy->options.share_prefixes = options.boolean("sharePrefixes", false);
    if (options.boolean("cudaGraphs", false)) lazy->graphs = InstanceData::of(env).cuda();
    lazy->options.late_results = options.boolean("lateResults", false);
    lazy->options.fail_after_tokens = options.integer("failAfterTokens", 0, 1LL << 40, 0);
    lazy->options.fail_recording = options.integer("failRecording", 0, 1LL << 40, 0);
    lazy->records = lazy->graphs != nullptr;
    lazy->micro_batch_tokens = lazy->options.micro_batch_tokens;
    const Napi::Object object =
        InstanceData::of(env).constructors["Trainer"].New({Napi::External<void>::New(env, nullptr)});
    TrainerHandle* handle = TrainerHandle::Unwrap(object);
    handle->lazy_ = std::move(lazy);
    handle->outputs_ = model.model()->head().outputs();
    handle->device_ = model.device();
    handle->threads_ = model.threads();
    return object;
  });
}

const std::shared_ptr<TrainerHandle::Lazy>& TrainerHandle::lazy() const {
  if (!lazy_)
    fail("ERR_DISPOSED", "The trainer has been disposed.", "Make another: createTrainer(model, options)");
  return lazy_;
}

Napi::Value TrainerHandle::micro_batch_tokens(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    return Napi::Number::New(info.Env(), static_cast<double>(lazy()->micro_batch_tokens.load()));
  });
}

Napi::Value TrainerHandle::replays(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    return Napi::Number::New(info.Env(), static_cast<double>(lazy()->replays.load()));
  });
}

Napi::Value TrainerHandle::records(const Napi::CallbackInfo& info) {
  return guarded(info.Env(),
                 [&]() -> Napi::Value { return Napi::Boolean::New(info.Env(), lazy()->records.load()); });
}

Napi::Value TrainerHandle::forward(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  return guarded_async(env, [&]() -> Napi::Value {
    auto work = [lazy = lazy(),
                 batch = read_sequences(info[0], "forward's batch")](CancelToken& cancel) mutable {
      return lazy->run([&](Trainer& trainer) { return trainer.forward(std::move(batch), cancel); });
    };
    const auto cancel = read_cancel_token(env, info[1], "forward's cancel token");
    return submit(env, device_, threads_, cancel, std::move(work), tensor_to_js);
  });
}

Napi::Value TrainerHandle::backward(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  return guarded_async(env, [&]() -> Napi::Value {
    const at::Tensor flat = read_float32_tensor(info[0], "backward's gradient");
    if (outputs_ < 1 || flat.numel() % outputs_ != 0) {
      fail("ERR_ARGUMENT", "Expected " + std::to_string(outputs_) + " gradients a sequence for backward.");
    }
    auto work = [lazy = lazy(), d_logits_BK = flat.view({-1, outputs_})](CancelToken& cancel) {
      lazy->run([&](Trainer& trainer) { trainer.backward(d_logits_BK, cancel); });
    };
    const auto cancel = read_cancel_token(env, info[1], "backward's cancel token");
    return submit(env, device_, threads_, cancel, std::move(work), finish_undefined);
  });
}

Napi::Value TrainerHandle::forward_backward(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  return guarded_async(env, [&]() -> Napi::Value {
    auto work = [lazy = lazy(), batch = read_sequences(info[0], "forwardBackward's batch"),
                 objective = read_objective(info[1])](CancelToken& cancel) {
      return lazy->run([&](Trainer& trainer) { return trainer.forward_backward(batch, objective, cancel); });
    };
    auto finish = [](Napi::Env env, BatchLoss batch) -> Napi::Value {
      Napi::Object result = Napi::Object::New(env);
      result["loss"] = Napi::Number::New(env, batch.loss);
      result["logits"] = batch.logits_BK.defined() ? to_float32_array(env, std::move(batch.logits_BK))
                                                   : to_float32_array(env, std::vector<float>{});
      result["exactMatches"] = Napi::Number::New(env, static_cast<double>(batch.exact_matches));
      return result;
    };
    const auto cancel = read_cancel_token(env, info[2], "forwardBackward's cancel token");
    return submit(env, device_, threads_, cancel, std::move(work), std::move(finish));
  });
}

Napi::Value TrainerHandle::step(const Napi::CallbackInfo& info) {
  return guarded_async(info.Env(), [&]() -> Napi::Value {
    const Options options(info[0], "step's options");
    const LearningRates rates{options.number("lr", 0.0, 1e300), options.number("headLr", 0.0, 1e300)};
    auto work = [lazy = lazy(), rates] { return lazy->get().step(rates); };
    auto finish = [](Napi::Env env, double norm) -> Napi::Value {
      Napi::Object result = Napi::Object::New(env);
      result["gradNorm"] = Napi::Number::New(env, norm);
      return result;
    };
    return submit(info.Env(), device_, threads_, nullptr, std::move(work), std::move(finish));
  });
}

Napi::Value TrainerHandle::find_micro_batch_tokens(const Napi::CallbackInfo& info) {
  return guarded_async(info.Env(), [&]() -> Napi::Value {
    const Options options(info[1], "findMicroBatchTokens' options");
    auto work = [lazy = lazy(), batch = read_sequences(info[0], "findMicroBatchTokens' batch"),
                 language_model = options.boolean("languageModel", false),
                 group = options.integer("group", 1, 1 << 20)](CancelToken& cancel) {
      return lazy->run([&](Trainer& trainer) {
        return trainer.find_micro_batch_tokens(batch, language_model, group, cancel);
      });
    };
    auto finish = [](Napi::Env env, int64_t tokens) -> Napi::Value {
      return Napi::Number::New(env, static_cast<double>(tokens));
    };
    const auto cancel = read_cancel_token(info.Env(), info[2], "findMicroBatchTokens' cancel token");
    return submit(info.Env(), device_, threads_, cancel, std::move(work), std::move(finish));
  });
}

Napi::Value TrainerHandle::gradient(const Napi::CallbackInfo& info) {
  return guarded_async(info.Env(), [&]() -> Napi::Value {
    auto work = [lazy = lazy(), name = read_string(info[0], "the parameter's name")] {
      return lazy->get().gradient(name).clone();
    };
    return submit(info.Env(), device_, threads_, nullptr, std::move(work), tensor_to_js);
  });
}

Napi::Value TrainerHandle::check_finite(const Napi::CallbackInfo& info) {
  return guarded_async(info.Env(), [&]() -> Napi::Value {
    auto work = [lazy = lazy()] { lazy->get().check_finite(); };
    return submit(info.Env(), device_, threads_, nullptr, std::move(work), finish_undefined);
  });
}

Napi::Value TrainerHandle::save_checkpoint(const Napi::CallbackInfo& info) {
  return guarded_async(info.Env(), [&]() -> Napi::Value {
    auto work = [lazy = lazy(), folder = read_string(info[0], "the folder")] {
      lazy->get().save_checkpoint(folder);
    };
    return submit(info.Env(), device_, threads_, nullptr, std::move(work), finish_undefined);
  });
}

Napi::Value TrainerHandle::load_checkpoint(const Napi::CallbackInfo& info) {
  return guarded_async(info.Env(), [&]() -> Napi::Value {
    auto work = [lazy = lazy(), folder = read_string(info[0], "the folder")] {
      lazy->get().load_checkpoint(folder);
    };
    return submit(info.Env(), device_, threads_, nullptr, std::move(work), finish_undefined);
  });
}

Napi::Value TrainerHandle::dispose(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    release_on_job_thread(info.Env(), device_, lazy_);
    return info.Env().Undefined();
  });
}

}  // namespace w2s
