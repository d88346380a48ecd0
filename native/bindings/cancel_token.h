// The JavaScript handle of a CancelToken: `createCancelToken()` and `token.cancel()`.
#pragma once

#include <napi.h>

#include <memory>
#include <string>

#include "../cancel.h"

namespace w2s {

class CancelTokenHandle : public Napi::ObjectWrap<CancelTokenHandle> {
 public:
  static constexpr napi_type_tag kTag{0x6a1f0c5b9e7d4a21, 0x9b3e52c8d10f7764};
  static constexpr const char* kWhat = "a cancel token";

  /// Defines the class in this environment (`InstanceData::constructors`). Call it once at initialisation.
  static void define(Napi::Env env);
  /// The export `createCancelToken()`.
  static Napi::Value create(const Napi::CallbackInfo& info);

  explicit CancelTokenHandle(const Napi::CallbackInfo& info);
  const std::shared_ptr<CancelToken>& token() const { return token_; }

 private:
  Napi::Value cancel(const Napi::CallbackInfo& info);

  std::shared_ptr<CancelToken> token_;
};

/// The token behind an optional argument or option; a fresh one of this environment when it is undefined.
std::shared_ptr<CancelToken> read_cancel_token(Napi::Env env, const Napi::Value& value,
                                               const std::string& what);

}  // namespace w2s
