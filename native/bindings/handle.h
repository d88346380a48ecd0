// Type tags: a handle of one class passed where another is expected is an error, not a crash. A class H that
// is wrapped (Napi::ObjectWrap<H>) has `static constexpr napi_type_tag kTag` and `static constexpr const
// char* kWhat` ("a model"), and calls `tag_handle<H>(info.This())` in its constructor.
#pragma once

#include <napi.h>

#include <string>

#include "convert.h"
#include "errors.h"

namespace w2s {

template <class Handle>
void tag_handle(const Napi::Value& self) {
  self.As<Napi::Object>().TypeTag(&Handle::kTag);
}

template <class Handle>
bool is_handle(const Napi::Value& value) {
  return value.IsObject() && value.As<Napi::Object>().CheckTypeTag(&Handle::kTag);
}

/// The native object behind a handle. Errors: ERR_ARGUMENT, also for a handle of another environment or of a
/// second copy of the addon: its job thread is another one.
template <class Handle>
Handle& unwrap_handle(const Napi::Value& value, const std::string& what) {
  if (!is_handle<Handle>(value)) fail_argument(Handle::kWhat, what, value);
  Handle& handle = *Handle::Unwrap(value.As<Napi::Object>());
  if (static_cast<napi_env>(handle.Env()) != static_cast<napi_env>(value.Env())) {
    fail("ERR_ARGUMENT", std::string("Expected ") + Handle::kWhat + " that this copy of the addon made for " +
                             what + " but received one of another copy.");
  }
  return handle;
}

/// Constructors are not for JavaScript: native code passes an External, nobody else can.
inline void require_internal_call(const Napi::CallbackInfo& info, const char* maker) {
  if (info.Length() > 0 && info[0].IsExternal()) return;
  throw to_js_error(info.Env(), {"ERR_ARGUMENT",
                                 std::string("Expected ") + maker +
                                     "() to make this handle but received a call of its constructor.",
                                 {},
                                 {}});
}

}  // namespace w2s
