// JavaScript's NativeModel (src/native/binding.ts).
#pragma once

#include <napi.h>

#include <memory>
#include <string>

#include "../model/model.h"
#include "handle.h"

namespace w2s {

class ModelHandle : public Napi::ObjectWrap<ModelHandle> {
 public:
  static constexpr napi_type_tag kTag{0x3f0c2b6a4d1e9a57, 0x8c5d7710e2a94b36};
  static constexpr const char* kWhat = "a model";

  static void define(Napi::Env env);
  /// The export `loadModel(options)`.
  static Napi::Value load(const Napi::CallbackInfo& info);

  explicit ModelHandle(const Napi::CallbackInfo& info);

  /// Errors: ERR_DISPOSED.
  const std::shared_ptr<Model>& model() const;
  const std::string& device() const { return device_; }
  int threads() const { return threads_; }

 private:
  Napi::Value info(const Napi::CallbackInfo& info);
  Napi::Value score(const Napi::CallbackInfo& info);
  Napi::Value hidden(const Napi::CallbackInfo& info);
  Napi::Value generate(const Napi::CallbackInfo& info);
  Napi::Value set_likelihood(const Napi::CallbackInfo& info);
  Napi::Value likelihood(const Napi::CallbackInfo& info);
  Napi::Value parameter_names(const Napi::CallbackInfo& info);
  Napi::Value parameter(const Napi::CallbackInfo& info);
  Napi::Value set_parameter(const Napi::CallbackInfo& info);
  Napi::Value save(const Napi::CallbackInfo& info);
  Napi::Value profile(const Napi::CallbackInfo& info);
  Napi::Value reset_profile(const Napi::CallbackInfo& info);
  Napi::Value dispose(const Napi::CallbackInfo& info);

  std::shared_ptr<Model> model_;
  std::string device_;
  int threads_ = 1;
};

}  // namespace w2s
