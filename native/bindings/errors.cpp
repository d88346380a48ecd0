#include "errors.h"

#include <c10/util/Exception.h>

#include <new>

#include "../out_of_memory.h"

namespace w2s {

namespace {

constexpr const char* kMemoryHint =
    "Make the micro-batch smaller, for example with `--micro-batch-tokens 512`.";

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

ErrorRecord describe_c10(const c10::Error& error, bool out_of_memory) {
  const std::string message = error.what_without_backtrace();
  if (out_of_memory) {
    return {"ERR_OUT_OF_MEMORY", "Out of memory: " + first_line(message), kMemoryHint, error.what()};
  }
  return {"ERR_NATIVE", first_line(message), {}, error.what()};
}

ErrorRecord describe(std::exception_ptr exception) {
  try {
    std::rethrow_exception(exception);
  } catch (const Error& error) {
    return {error.code, error.what(), error.hint, {}};
  } catch (const c10::Error& error) {
    return describe_c10(error, is_out_of_memory(exception));
  } catch (const std::bad_alloc&) {
    return {"ERR_OUT_OF_MEMORY", "Out of memory in native code.", kMemoryHint, {}};
  } catch (const std::exception& error) {
    return {"ERR_NATIVE", first_line(error.what()), {}, error.what()};
  } catch (...) {
    return {"ERR_NATIVE", "Native code threw something that is no exception.", {}, {}};
  }
}

}  // namespace

ErrorRecord describe_exception(std::exception_ptr exception) noexcept {
  try {
    return describe(exception);
  } catch (...) {  // no memory even for the message; short strings need none
    return {"ERR_NATIVE", "failed", {}, {}};
  }
}

Napi::Error to_js_error(Napi::Env env, const ErrorRecord& record) {
  Napi::Error error = Napi::Error::New(env, record.message);
  error.Set("code", Napi::String::New(env, record.code));
  if (!record.hint.empty()) error.Set("hint", Napi::String::New(env, record.hint));
  if (!record.trace.empty()) error.Set("trace", Napi::String::New(env, record.trace));
  return error;
}

Napi::Promise rejected(Napi::Env env, std::exception_ptr exception) {
  const auto deferred = Napi::Promise::Deferred::New(env);
  try {
    std::rethrow_exception(exception);
  } catch (const Napi::Error& error) {
    deferred.Reject(error.Value());
  } catch (...) {
    deferred.Reject(to_js_error(env, describe_exception(exception)).Value());
  }
  return deferred.Promise();
}

}  // namespace w2s
