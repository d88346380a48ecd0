#include "fit_linear.h"

#include "../train/linear.h"
#include "cancel_token.h"
#include "convert.h"
#include "promise_job.h"

namespace w2s {
namespace {

at::Tensor read_matrix(const Options& options, const char* key, int64_t columns) {
  const at::Tensor flat = read_float32_tensor(options.get(key), options.name(key));
  if (flat.numel() % columns != 0) {
    fail("ERR_ARGUMENT", "Expected a multiple of " + std::to_string(columns) + " numbers for " +
                             options.name(key) + " but received " + std::to_string(flat.numel()) + ".");
  }
  return flat.view({-1, columns});
}

LinearProblem read_problem(const Options& options) {
  constexpr int64_t kMost = 1LL << 31;
  LinearProblem problem;
  problem.features_ND = read_matrix(options, "features", options.integer("dimension", 1, kMost));
  problem.targets_NK = read_matrix(options, "targets", options.integer("classes", 2, kMost));
  problem.l2 = options.number("l2", 0.0, 1e30);
  if (options.choice("method", {"adam", "lbfgs"}) == "lbfgs") {
    problem.lbfgs = {options.integer("maxIterations", 0, kMost), options.number("tolerance", 0.0, 1e30)};
    return problem;
  }
  problem.adam = LinearAdam{options.number("lr", 0.0, 1e30), options.integer("epochs", 0, kMost),
                            options.integer("batchSize", 1, kMost), options.uint32_array("order")};
  return problem;
}

}  // namespace

Napi::Value fit_linear_call(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  return guarded_async(env, [&]() -> Napi::Value {
    const Options options(info[0], "fitLinear's options");
    auto work = [problem = read_problem(options)](CancelToken& cancel) {
      return fit_linear(problem, cancel);
    };
    auto finish = [](Napi::Env env, LinearFit fit) -> Napi::Value {
      Napi::Object result = Napi::Object::New(env);
      result["weight"] = to_float32_array(env, std::move(fit.weight_KD));
      result["bias"] = to_float32_array(env, std::move(fit.bias_K));
      result["loss"] = Napi::Number::New(env, fit.loss);
      result["iterations"] = Napi::Number::New(env, static_cast<double>(fit.iterations));
      return result;
    };
    const int threads = static_cast<int>(options.integer("threads", 1, 4096));
    const auto cancel = read_cancel_token(env, options.get("cancel"), options.name("cancel"));
    return submit(env, "cpu", threads, cancel, std::move(work), std::move(finish));
  });
}

}  // namespace w2s
