// Single values and options from JavaScript. Arrays are in convert_arrays.cpp.
#include "convert.h"

#include <charconv>
#include <cmath>
#include <cstdio>

namespace w2s {

namespace {

constexpr double kLargestExact = 9007199254740992.0;  // 2^53

std::string number_text(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  char buffer[40];
  if (std::floor(value) == value && std::fabs(value) <= kLargestExact) {
    std::snprintf(buffer, sizeof buffer, "%.0f", value);
  } else {
    std::snprintf(buffer, sizeof buffer, "%g", value);
  }
  return buffer;
}

std::string shown_string(const std::string& text) {
  constexpr std::size_t kShown = 60;
  return "\"" + (text.size() > kShown ? text.substr(0, kShown) + "…" : text) + "\"";
}

const char* typed_array_name(napi_typedarray_type type) {
  switch (type) {
    case napi_int8_array:
      return "an Int8Array";
    case napi_uint8_array:
      return "a Uint8Array";
    case napi_uint8_clamped_array:
      return "a Uint8ClampedArray";
    case napi_int16_array:
      return "an Int16Array";
    case napi_uint16_array:
      return "a Uint16Array";
    case napi_int32_array:
      return "an Int32Array";
    case napi_uint32_array:
      return "a Uint32Array";
    case napi_float32_array:
      return "a Float32Array";
    case napi_float64_array:
      return "a Float64Array";
    default:
      return "a typed array of big integers";
  }
}

std::string describe_object(const Napi::Value& value) {
  if (value.IsTypedArray()) {
    const auto array = value.As<Napi::TypedArray>();
    return std::string(typed_array_name(array.TypedArrayType())) + " of " +
           std::to_string(array.ElementLength());
  }
  if (value.IsArray()) return "an array of " + std::to_string(value.As<Napi::Array>().Length());
  if (value.IsFunction()) return "a function";
  if (value.IsPromise()) return "a promise (is an `await` missing?)";
  return "an object of another kind";
}

std::string range_text(const char* kind, double low, double high) {
  std::string text = kind;
  if (std::isfinite(low) && std::isfinite(high) && high < kLargestExact) {
    return text + " from " + number_text(low) + " to " + number_text(high);
  }
  if (std::isfinite(low)) return text + " of at least " + number_text(low);
  if (std::isfinite(high) && high < kLargestExact) return text + " of at most " + number_text(high);
  return text;
}

std::string list_text(const std::vector<std::string>& choices) {
  std::string text;
  for (std::size_t i = 0; i < choices.size(); ++i) {
    if (i > 0) text += i + 1 == choices.size() ? " or " : ", ";
    text += "\"" + choices[i] + "\"";
  }
  return text;
}

}  // namespace

std::string describe_value(const Napi::Value& value) {
  if (value.IsEmpty() || value.IsUndefined()) return "undefined";
  if (value.IsNull()) return "null";
  if (value.IsBoolean()) return value.As<Napi::Boolean>().Value() ? "true" : "false";
  if (value.IsNumber()) return number_text(value.As<Napi::Number>().DoubleValue());
  if (value.IsString()) return "the string " + shown_string(value.As<Napi::String>().Utf8Value());
  if (value.IsObject()) return describe_object(value);
  return value.IsBigInt() ? "a BigInt" : "a symbol";
}

void fail_argument(const std::string& expected, const std::string& what, const Napi::Value& value) {
  fail("ERR_ARGUMENT",
       "Expected " + expected + " for " + what + " but received " + describe_value(value) + ".");
}

std::string read_string(const Napi::Value& value, const std::string& what) {
  if (!value.IsString()) fail_argument("a string", what, value);
  return value.As<Napi::String>().Utf8Value();
}

bool read_bool(const Napi::Value& value, const std::string& what) {
  if (!value.IsBoolean()) fail_argument("true or false", what, value);
  return value.As<Napi::Boolean>().Value();
}

double read_number(const Napi::Value& value, const std::string& what, double low, double high) {
  const double number = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : std::nan("");
  if (!std::isfinite(number) || number < low || number > high) {
    fail_argument(range_text("a number", low, high), what, value);
  }
  return number;
}

std::int64_t read_integer(const Napi::Value& value, const std::string& what, std::int64_t low,
                          std::int64_t high) {
  const double number = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : std::nan("");
  const auto from = static_cast<double>(low), to = static_cast<double>(high);
  const bool whole = std::floor(number) == number && std::fabs(number) <= kLargestExact;
  if (!whole || number < from || number > to) fail_argument(range_text("an integer", from, to), what, value);
  return static_cast<std::int64_t>(number);
}

std::string read_choice(const Napi::Value& value, const std::string& what,
                        const std::vector<std::string>& choices) {
  if (value.IsString()) {
    std::string text = value.As<Napi::String>().Utf8Value();
    for (const std::string& choice : choices) {
      if (text == choice) return text;
    }
  }
  fail_argument(list_text(choices), what, value);
}

std::string read_device(const Napi::Value& value, const std::string& what) {
  const std::string text = value.IsString() ? value.As<Napi::String>().Utf8Value() : std::string();
  if (text == "cpu") return text;
  if (text == "cuda") return "cuda:0";
  int index = -1;
  const char* const end = text.data() + text.size();
  if (text.starts_with("cuda:")) {
    const auto result = std::from_chars(text.data() + 5, end, index);
    if (result.ec != std::errc() || result.ptr != end || index > 127) index = -1;
  }
  if (index < 0) fail_argument("\"cpu\", \"cuda\" or \"cuda:<index>\"", what, value);
  return "cuda:" + std::to_string(index);
}

Options::Options(const Napi::Value& value, std::string what) : what_(std::move(what)) {
  if (!value.IsObject() || value.IsArray() || value.IsTypedArray() || value.IsFunction()) {
    fail_argument("an object", what_, value);
  }
  object_ = value.As<Napi::Object>();
}

Napi::Value Options::get(const char* key) const { return object_.Get(key); }

bool Options::has(const char* key) const { return !get(key).IsUndefined(); }

std::string Options::choice(const char* key, const std::vector<std::string>& choices) const {
  return read_choice(get(key), name(key), choices);
}

std::string Options::choice(const char* key, const std::vector<std::string>& choices,
                            const char* fallback) const {
  return has(key) ? choice(key, choices) : fallback;
}

bool Options::boolean(const char* key, bool fallback) const {
  return has(key) ? read_bool(get(key), name(key)) : fallback;
}

double Options::number(const char* key, double low, double high) const {
  return read_number(get(key), name(key), low, high);
}

std::int64_t Options::integer(const char* key, std::int64_t low, std::int64_t high) const {
  return read_integer(get(key), name(key), low, high);
}

std::int64_t Options::integer(const char* key, std::int64_t low, std::int64_t high,
                              std::int64_t fallback) const {
  return has(key) ? integer(key, low, high) : fallback;
}

std::vector<std::int32_t> Options::int32_array(const char* key) const {
  return read_int32_array(get(key), name(key));
}

std::vector<std::uint32_t> Options::uint32_array(const char* key) const {
  return read_uint32_array(get(key), name(key));
}

std::vector<float> Options::float32_array(const char* key) const {
  return read_float32_array(get(key), name(key));
}

std::optional<Napi::Function> Options::function(const char* key) const {
  const Napi::Value value = get(key);
  if (value.IsUndefined()) return std::nullopt;
  if (!value.IsFunction()) fail_argument("a function", name(key), value);
  return value.As<Napi::Function>();
}

}  // namespace w2s
