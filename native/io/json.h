// A small strict JSON value, parser and serialiser, for config.json and the headers of safetensors files.
// libtorch's wheel ships no JSON header, and a dependency for two formats would cost every clone a download.
// Strict: limits on size and depth, no duplicate keys, no trailing text, valid UTF-8 and escapes only. One
// concession: Python writes `NaN`, `Infinity` and `-Infinity`, which are read (and written) as numbers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace w2s {

class Json {
 public:
  using Member = std::pair<std::string, Json>;
  using Items = std::vector<Json>;
  using Members = std::vector<Member>;  // in the order of the text

  Json() = default;  // null
  Json(std::nullptr_t) {}
  Json(bool value) : value_(value) {}
  Json(int value) : value_(std::int64_t{value}) {}
  Json(std::int64_t value) : value_(value) {}
  Json(double value) : value_(value) {}
  Json(const char* value) : value_(std::string(value)) {}
  Json(std::string value) : value_(std::move(value)) {}
  static Json array(Items items = {});
  static Json object(Members members = {});

  bool is_null() const { return std::holds_alternative<std::monostate>(value_); }
  bool is_bool() const { return std::holds_alternative<bool>(value_); }
  /// Written without fraction and exponent, and within int64.
  bool is_int() const { return std::holds_alternative<std::int64_t>(value_); }
  bool is_number() const { return is_int() || std::holds_alternative<double>(value_); }
  bool is_string() const { return std::holds_alternative<std::string>(value_); }
  bool is_array() const { return std::holds_alternative<Items>(value_); }
  bool is_object() const { return std::holds_alternative<Members>(value_); }

  /// `what` names the field in the error (ERR_WEIGHTS) that a value of another type gives.
  bool as_bool(const std::string& what = "a value") const;
  /// Also takes a number such as 4.0 or 1e3, when it is whole and at most 2^53.
  std::int64_t as_int(const std::string& what = "a value") const;
  double as_double(const std::string& what = "a value") const;
  const std::string& as_string(const std::string& what = "a value") const;
  const Items& items(const std::string& what = "a value") const;
  const Members& members(const std::string& what = "a value") const;

  /// The member of that name, or null when there is none (also when this is no object).
  const Json* find(std::string_view key) const;
  /// Replaces a member in place, or appends it. This must be an object (a null becomes one).
  void set(const std::string& key, Json value);
  /// Removes a member; nothing happens when there is none.
  void erase(std::string_view key);

  /// What this is, for messages: `null`, `true`, `12`, `the string "gelu"`, `an array`, `an object`.
  std::string describe() const;
  /// Text; with `indent` > 0 one member a line, as Transformers writes it. Ends without a line break.
  std::string dump(int indent = 0) const;

 private:
  std::variant<std::monostate, bool, std::int64_t, double, std::string, Items, Members> value_;
};

/// Parses a whole text; `what` names it in errors (ERR_WEIGHTS), which carry line and column.
Json parse_json(std::string_view text, const std::string& what);

}  // namespace w2s
