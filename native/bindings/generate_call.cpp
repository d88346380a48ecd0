// NativeModel.generate(prompts, options).
#include <algorithm>

#include "../infer/generate.h"
#include "cancel_token.h"
#include "convert.h"
#include "model_handle.h"
#include "packed_sequences.h"
#include "promise_job.h"

namespace w2s {
namespace {

constexpr double kAnyNumber = std::numeric_limits<double>::max();

GenerateOptions read_generate_options(const Options& options) {
  GenerateOptions read;
  read.max_new_tokens = options.integer("maxNewTokens", 1, 1LL << 31);
  read.stop_tokens = options.int32_array("stopTokens");
  read.min_new_tokens = options.integer("minNewTokens", 0, 1LL << 31, 0);
  read.sampling.temperature = options.number("temperature", 0.0, kAnyNumber);
  if (options.has("topP")) {
    read.sampling.top_p = options.number("topP", 0.0, 1.0);
    if (read.sampling.top_p == 0.0) {
      fail_argument("a number above 0, up to 1", options.name("topP"), options.get("topP"));
    }
  }
  read.sampling.seed = static_cast<uint64_t>(options.integer("seed", 0, 1LL << 53, 0));
  read.samples = options.integer("samples", 1, 1 << 24, 1);
  read.micro_batch_tokens = options.integer("microBatchTokens", 1, 1LL << 40);
  return read;
}

Napi::Value generated_to_js(Napi::Env env, Generated found) {
  Napi::Object result = Napi::Object::New(env);
  result["tokens"] = to_int32_array(env, std::move(found.tokens_N));
  result["offsets"] = to_int32_array(env, std::move(found.offsets_S1));
  Napi::Uint8Array stopped = Napi::Uint8Array::New(env, found.stopped_S.size());
  std::ranges::copy(found.stopped_S, stopped.Data());
  result["stopped"] = stopped;
  result["logProbabilities"] = to_float32_array(env, std::move(found.log_probs_N));
  result["margins"] = to_float32_array(env, std::move(found.margins_N));
  return result;
}

}  // namespace

Napi::Value ModelHandle::generate(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  return guarded_async(env, [&]() -> Napi::Value {
    const Options options(info[1], "the options of generate");
    auto cancel = read_cancel_token(env, options.get("cancel"), options.name("cancel"));
    std::shared_ptr<ProgressChannel> channel;
    if (auto callback = options.function("onProgress")) channel = ProgressChannel::create(*callback, cancel);
    auto work = [model = model(), prompts = read_sequences(info[0], "the prompts of generate"),
                 read = read_generate_options(options), progress = ProgressChannel::reporter(channel)](
                    CancelToken& token) { return w2s::generate(*model, prompts, read, token, progress); };
    return submit(env, device_, threads_, std::move(cancel), std::move(work), generated_to_js, channel);
  });
}

}  // namespace w2s
