// JavaScript's NativeTrainer (src/native/binding.ts).
#pragma once

#include <napi.h>

#include <memory>
#include <string>

#include "../train/trainer.h"
#include "handle.h"

namespace w2s {

class TrainerHandle : public Napi::ObjectWrap<TrainerHandle> {
 public:
  static constexpr napi_type_tag kTag{0x51d8e6f7a20b4c93, 0xb7604f1c9d3e8a25};
  static constexpr const char* kWhat = "a trainer";

  static void define(Napi::Env env);
  /// The export `createTrainer(model, options)`.
  static Napi::Value create(const Napi::CallbackInfo& info);

  explicit TrainerHandle(const Napi::CallbackInfo& info);

 private:
  /// Made on the job thread at the first call, since it allocates on the device.
  struct Lazy;

  Napi::Value micro_batch_tokens(const Napi::CallbackInfo& info);
  Napi::Value replays(const Napi::CallbackInfo& info);
  Napi::Value records(const Napi::CallbackInfo& info);
  Napi::Value forward(const Napi::CallbackInfo& info);
  Napi::Value backward(const Napi::CallbackInfo& info);
  Napi::Value forward_backward(const Napi::CallbackInfo& info);
  Napi::Value step(const Napi::CallbackInfo& info);
  Napi::Value find_micro_batch_tokens(const Napi::CallbackInfo& info);
  Napi::Value gradient(const Napi::CallbackInfo& info);
  Napi::Value check_finite(const Napi::CallbackInfo& info);
  Napi::Value save_checkpoint(const Napi::CallbackInfo& info);
  Napi::Value load_checkpoint(const Napi::CallbackInfo& info);
  Napi::Value dispose(const Napi::CallbackInfo& info);

  const std::shared_ptr<Lazy>& lazy() const;

  std::shared_ptr<Lazy> lazy_;
  int64_t outputs_ = 0;
  std::string device_;
  int threads_ = 1;
};

}  // namespace w2s
