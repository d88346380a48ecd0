// Checked readers of JavaScript values. All errors are ERR_ARGUMENT: "Expected … for … but received …".
// Readers copy: JavaScript may change or detach a buffer while a job runs.
#pragma once

#include <ATen/core/Tensor.h>
#include <napi.h>

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "../error.h"

namespace w2s {

/// What a value is, for messages: `undefined`, `the string "x"`, `a Float32Array of 3`, `1.5`.
std::string describe_value(const Napi::Value& value);
[[noreturn]] void fail_argument(const std::string& expected, const std::string& what,
                                const Napi::Value& value);

// Single values; `what` names the argument or option.
std::string read_string(const Napi::Value& value, const std::string& what);
bool read_bool(const Napi::Value& value, const std::string& what);
double read_number(const Napi::Value& value, const std::string& what,
                   double low = -std::numeric_limits<double>::infinity(),
                   double high = std::numeric_limits<double>::infinity());  // finite, in [low, high]
std::int64_t read_integer(const Napi::Value& value, const std::string& what, std::int64_t low = 0,
                          std::int64_t high = std::int64_t{1} << 53);
std::vector<std::int32_t> read_int32_array(const Napi::Value& value, const std::string& what);
std::vector<std::uint32_t> read_uint32_array(const Napi::Value& value, const std::string& what);
std::vector<float> read_float32_array(const Napi::Value& value, const std::string& what);
at::Tensor read_float32_tensor(const Napi::Value& value, const std::string& what);  // 1-D, float32, CPU
/// One of the given words; the error lists them.
std::string read_choice(const Napi::Value& value, const std::string& what,
                        const std::vector<std::string>& choices);
/// `cpu`, `cuda` or `cuda:<index>`; `cuda` becomes `cuda:0`.
std::string read_device(const Napi::Value& value, const std::string& what);

/// An options object. `undefined` counts as absent. The functions with a fallback are for optional fields.
class Options {
 public:
  /// `what` names the object in errors, such as `loadModel's options`.
  Options(const Napi::Value& value, std::string what);

  bool has(const char* key) const;
  Napi::Value get(const char* key) const;
  std::string name(const char* key) const { return "option `" + std::string(key) + "` of " + what_; }

  std::string string(const char* key) const { return read_string(get(key), name(key)); }
  std::string choice(const char* key, const std::vector<std::string>& choices) const;
  std::string choice(const char* key, const std::vector<std::string>& choices, const char* fallback) const;
  bool boolean(const char* key, bool fallback) const;
  double number(const char* key, double low, double high) const;
  std::int64_t integer(const char* key, std::int64_t low, std::int64_t high) const;
  std::int64_t integer(const char* key, std::int64_t low, std::int64_t high, std::int64_t fallback) const;
  std::vector<std::int32_t> int32_array(const char* key) const;
  std::vector<std::uint32_t> uint32_array(const char* key) const;
  std::vector<float> float32_array(const char* key) const;
  std::optional<Napi::Function> function(const char* key) const;

 private:
  Napi::Object object_;
  std::string what_;
};

// To JavaScript. Large arrays are handed over without a copy, so that the event loop is not held up.
Napi::Float32Array to_float32_array(Napi::Env env, std::vector<float> values);
Napi::Int32Array to_int32_array(Napi::Env env, std::vector<std::int32_t> values);
/// Any floating tensor on the CPU, flattened row by row. Memory that nobody else holds is handed over (move
/// the tensor in); other memory is copied, so that JavaScript never sees a parameter change.
Napi::Float32Array to_float32_array(Napi::Env env, at::Tensor values);
Napi::Array to_number_array(Napi::Env env, const std::vector<std::int64_t>& values);

}  // namespace w2s
