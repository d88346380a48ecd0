// Json: accessors and serialiser. The parser is in json_parser.cpp.
#include "json.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "../error.h"

namespace w2s {

namespace {

constexpr double kLargestExact = 9007199254740992.0;  // 2^53

[[noreturn]] void wrong_type(const char* expected, const std::string& what, const Json& value) {
  fail("ERR_WEIGHTS",
       std::string("Expected ") + expected + " for " + what + " but received " + value.describe() + ".");
}

void append_escaped(std::string& out, const std::string& text) {
  static constexpr char kHex[] = "0123456789abcdef";
  out += '"';
  for (const char letter : text) {
    const auto byte = static_cast<unsigned char>(letter);
    switch (letter) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        if (byte < 0x20) {
          out += "\\u00";
          out += kHex[byte >> 4];
          out += kHex[byte & 15];
        } else {
          out += letter;
        }
    }
  }
  out += '"';
}

// The shortest text that reads back as the same number, with a mark that it is no integer, as Python has it.
std::string double_text(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
  std::string text(buffer, end);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

class Writer {
 public:
  explicit Writer(int indent) : indent_(indent) {}

  void value(const Json& json, int depth) {
    if (json.is_array()) {
      list('[', ']', json.items(), depth, [&](const Json& item) { value(item, depth + 1); });
    } else if (json.is_object()) {
      list('{', '}', json.members(), depth, [&](const Json::Member& member) {
        append_escaped(text, member.first);
        text += indent_ > 0 ? ": " : ":";
        value(member.second, depth + 1);
      });
    } else {
      scalar(json);
    }
  }

  std::string text;

 private:
  void scalar(const Json& json) {
    if (json.is_null()) {
      text += "null";
    } else if (json.is_bool()) {
      text += json.as_bool() ? "true" : "false";
    } else if (json.is_int()) {
      text += std::to_string(json.as_int());
    } else if (json.is_string()) {
      append_escaped(text, json.as_string());
    } else {
      text += double_text(json.as_double());
    }
  }

  template <class Elements, class Write>
  void list(char open, char close, const Elements& elements, int depth, Write write) {
    text += open;
    bool first = true;
    for (const auto& element : elements) {
      if (!first) text += ',';
      first = false;
      line(depth + 1);
      write(element);
    }
    if (!first) line(depth);
    text += close;
  }

  void line(int depth) {
    if (indent_ <= 0) return;
    text += '\n';
    text.append(static_cast<std::size_t>(indent_ * depth), ' ');
  }

  int indent_;
};

}  // namespace

Json Json::array(Items items) {
  Json json;
  json.value_ = std::move(items);
  return json;
}

Json Json::object(Members members) {
  Json json;
  json.value_ = std::move(members);
  return json;
}

bool Json::as_bool(const std::string& what) const {
  if (!is_bool()) wrong_type("true or false", what, *this);
  return std::get<bool>(value_);
}

std::int64_t Json::as_int(const std::string& what) const {
  if (is_int()) return std::get<std::int64_t>(value_);
  if (const auto* number = std::get_if<double>(&value_)) {
    if (std::floor(*number) == *number && std::fabs(*number) <= kLargestExact) {
      return static_cast<std::int64_t>(*number);
    }
  }
  wrong_type("an integer", what, *this);
}

double Json::as_double(const std::string& what) const {
  if (is_int()) {
    const std::int64_t integer = std::get<std::int64_t>(value_);
    const double number = static_cast<double>(integer);
    if (std::fabs(number) > kLargestExact) wrong_type("a number of at most 2^53", what, *this);
    return number;
  }
  if (const auto* number = std::get_if<double>(&value_)) return *number;
  wrong_type("a number", what, *this);
}

const std::string& Json::as_string(const std::string& what) const {
  if (!is_string()) wrong_type("a string", what, *this);
  return std::get<std::string>(value_);
}

const Json::Items& Json::items(const std::string& what) const {
  if (!is_array()) wrong_type("an array", what, *this);
  return std::get<Items>(value_);
}

const Json::Members& Json::members(const std::string& what) const {
  if (!is_object()) wrong_type("an object", what, *this);
  return std::get<Members>(value_);
}

const Json* Json::find(std::string_view key) const {
  const auto* members = std::get_if<Members>(&value_);
  if (members == nullptr) return nullptr;
  for (const Member& member : *members) {
    if (member.first == key) return &member.second;
  }
  return nullptr;
}

void Json::set(const std::string& key, Json value) {
  if (is_null()) value_ = Members{};
  if (!is_object()) wrong_type("an object", "the place of `" + key + "`", *this);
  for (Member& member : std::get<Members>(value_)) {
    if (member.first == key) {
      member.second = std::move(value);
      return;
    }
  }
  std::get<Members>(value_).emplace_back(key, std::move(value));
}

void Json::erase(std::string_view key) {
  if (auto* members = std::get_if<Members>(&value_)) {
    std::erase_if(*members, [&](const Member& member) { return member.first == key; });
  }
}

std::string Json::describe() const {
  if (is_array()) return "an array of " + std::to_string(items().size());
  if (is_object()) return "an object";
  if (!is_string()) return dump();
  constexpr std::size_t kShown = 60;
  const std::string& text = as_string();
  Writer writer(0);
  writer.value(Json(text.substr(0, kShown)), 0);
  return "the string " + writer.text + (text.size() > kShown ? "…" : "");
}

std::string Json::dump(int indent) const {
  Writer writer(indent);
  writer.value(*this, 0);
  return std::move(writer.text);
}

}  // namespace w2s
