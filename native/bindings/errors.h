// From C++ exceptions to JavaScript errors with `code`, `hint` and `trace`.
#pragma once

#include <napi.h>

#include <exception>
#include <string>
#include <utility>

#include "../error.h"

namespace w2s {

/// An exception as plain text, so that it can cross threads and its trace is made off the event loop.
struct ErrorRecord {
  std::string code;
  std::string message;
  std::string hint;
  std::string trace;
};

/// w2s::Error keeps its code; out of memory (CPU or CUDA) is ERR_OUT_OF_MEMORY; any other is ERR_NATIVE.
ErrorRecord describe_exception(std::exception_ptr exception) noexcept;

Napi::Error to_js_error(Napi::Env env, const ErrorRecord& record);

/// Runs the body of a binding; whatever it throws becomes a JavaScript exception of the shape above.
template <class Body>
auto guarded(Napi::Env env, Body&& body) -> decltype(body()) {
  try {
    return std::forward<Body>(body)();
  } catch (const Napi::Error&) {
    throw;
  } catch (...) {
    throw to_js_error(env, describe_exception(std::current_exception()));
  }
}

/// A promise that is rejected with that exception (for asynchronous calls, which never throw).
Napi::Promise rejected(Napi::Env env, std::exception_ptr exception);

/// `guarded` for an asynchronous call: what the body throws rejects the promise.
template <class Body>
Napi::Value guarded_async(Napi::Env env, Body&& body) {
  try {
    return std::forward<Body>(body)();
  } catch (...) {
    return rejected(env, std::current_exception());
  }
}

}  // namespace w2s
