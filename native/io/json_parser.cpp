// The parser behind parse_json: recursive descent, with limits on size, depth and number of values, so that a
// hostile file can neither overflow the stack nor take more memory than a small multiple of its size.
#include <algorithm>
#include <charconv>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <unordered_set>

#include "../error.h"
#include "json.h"
#include "utf8.h"

namespace w2s {

namespace {

constexpr std::size_t kMostBytes = std::size_t{64} << 20;
constexpr std::size_t kMostValues = 4'000'000;
constexpr int kMostDepth = 64;

class Parser {
 public:
  Parser(std::string_view text, const std::string& what) : text_(text), what_(what) {}

  Json document() {
    if (text_.size() > kMostBytes) {
      fail("ERR_WEIGHTS", "Expected at most 64 MiB of JSON for " + what_ + " but received " +
                              std::to_string(text_.size()) + " bytes.");
    }
    const std::size_t bad = first_invalid_utf8(text_);
    if (bad != std::string_view::npos) {
      at_ = bad;
      stop("UTF-8", "a byte that is not UTF-8");
    }
    skip_blanks();
    Json value = parse_value(0);
    skip_blanks();
    if (at_ != text_.size()) stop("the end of the text");
    return value;
  }

 private:
  [[noreturn]] void stop(const std::string& expected, std::string received = {}) const {
    const std::string_view before = text_.substr(0, std::min(at_, text_.size()));
    const auto line = std::count(before.begin(), before.end(), '\n') + 1;
    const std::size_t line_start = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
    if (received.empty()) received = at_ < text_.size() ? shown_letter() : "the end of the text";
    fail("ERR_WEIGHTS", "Expected " + expected + " for " + what_ + ", line " + std::to_string(line) +
                            ", column " + std::to_string(before.size() - line_start + 1) + ", but received " +
                            received + ".");
  }

  std::string shown_letter() const {
    const char letter = text_[at_];
    if (letter > ' ' && letter < 0x7f) return std::string("`") + letter + "`";
    return "byte " + std::to_string(static_cast<unsigned char>(letter));
  }

  void skip_blanks() {
    while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos)
      ++at_;
  }

  bool take(char letter) {
    if (at_ >= text_.size() || text_[at_] != letter) return false;
    ++at_;
    return true;
  }

  bool take_word(std::string_view word) {
    if (text_.substr(at_, word.size()) != word) return false;
    at_ += word.size();
    return true;
  }

  Json parse_value(int depth) {
    if (depth > kMostDepth) stop("at most 64 levels", "a deeper one");
    if (++values_ > kMostValues) stop("at most 4,000,000 values", "more");
    if (take('{')) return parse_object(depth);
    if (take('[')) return parse_array(depth);
    if (take('"')) return Json(parse_string());
    if (take_word("true")) return Json(true);
    if (take_word("false")) return Json(false);
    if (take_word("null")) return Json();
    if (take_word("NaN")) return Json(std::numeric_limits<double>::quiet_NaN());
    if (take_word("Infinity")) return Json(std::numeric_limits<double>::infinity());
    if (take_word("-Infinity")) return Json(-std::numeric_limits<double>::infinity());
    return parse_number();
  }

  Json parse_object(int depth) {
    Json::Members members;
    std::unordered_set<std::string> seen;
    skip_blanks();
    if (take('}')) return Json::object();
    do {
      skip_blanks();
      const std::size_t key_at = at_;
      if (!take('"')) stop("a name in quotes");
      std::string key = parse_string();
      if (!seen.insert(key).second) {
        at_ = key_at;
        stop("each name once", "`" + key.substr(0, 100) + "` again");
      }
      skip_blanks();
      if (!take(':')) stop("a colon");
      skip_blanks();
      members.emplace_back(std::move(key), parse_value(depth + 1));
      skip_blanks();
    } while (take(','));
    if (!take('}')) stop("a comma or a closing brace");
    return Json::object(std::move(members));
  }

  Json parse_array(int depth) {
    Json::Items items;
    skip_blanks();
    if (take(']')) return Json::array();
    do {
      skip_blanks();
      items.push_back(parse_value(depth + 1));
      skip_blanks();
    } while (take(','));
    if (!take(']')) stop("a comma or a closing bracket");
    return Json::array(std::move(items));
  }

  // After the opening quote.
  std::string parse_string() {
    std::string out;
    while (true) {
      const std::size_t start = at_;
      while (at_ < text_.size() && text_[at_] != '"' && text_[at_] != '\\' &&
             static_cast<unsigned char>(text_[at_]) >= 0x20) {
        ++at_;
      }
      out.append(text_.substr(start, at_ - start));
      if (take('"')) return out;
      if (!take('\\')) stop("a closing quote");
      parse_escape(out);
    }
  }

  void parse_escape(std::string& out) {
    static constexpr std::string_view kLetters = "\"\\/bfnrt";
    static constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
    if (at_ < text_.size()) {
      const std::size_t index = kLetters.find(text_[at_]);
      if (index != std::string_view::npos) {
        out += kMeanings[index];
        ++at_;
        return;
      }
    }
    if (!take('u')) stop("an escape such as \\n or \\u0041");
    std::uint32_t code = parse_hex4();
    if (code >= 0xdc00 && code < 0xe000) stop("a high surrogate first", "a low surrogate");
    if (code >= 0xd800 && code < 0xdc00) {
      if (!take_word("\\u")) stop("the second half of a surrogate pair");
      const std::uint32_t low = parse_hex4();
      if (low < 0xdc00 || low >= 0xe000) stop("a low surrogate", "another character");
      code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    }
    append_utf8(out, code);
  }

  std::uint32_t parse_hex4() {
    std::uint32_t code = 0;
    const std::string_view digits = text_.substr(at_, 4);
    const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), code, 16);
    if (digits.size() != 4 || result.ptr != digits.data() + 4) stop("four hexadecimal digits");
    at_ += 4;
    return code;
  }

  std::size_t take_digits() {
    const std::size_t start = at_;
    while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9') ++at_;
    return at_ - start;
  }

  Json parse_number() {
    const std::size_t start = at_;
    bool whole = true;
    take('-');
    const bool zero = at_ < text_.size() && text_[at_] == '0';
    const std::size_t digits = take_digits();
    if (digits == 0) {
      at_ = start;
      stop("a value");
    }
    if (zero && digits > 1) stop("no leading zero", "one");
    if (take('.')) {
      whole = false;
      if (take_digits() == 0) stop("a digit");
    }
    if (take('e') || take('E')) {
      whole = false;
      if (!take('+')) take('-');
      if (take_digits() == 0) stop("a digit");
    }
    const char* begin = text_.data() + start;
    const char* end = text_.data() + at_;
    std::int64_t integer = 0;
    if (whole && std::from_chars(begin, end, integer).ec == std::errc()) return Json(integer);
    // An integer beyond int64 (a tokenizer's "very large" length) is kept as a double; as_int refuses it.
    double number = 0;
    if (std::from_chars(begin, end, number).ec != std::errc()) {
      stop("a number that fits a double",
           std::string(text_.substr(start, std::min<std::size_t>(at_ - start, 40))));
    }
    return Json(number);
  }

  std::string_view text_;
  const std::string& what_;
  std::size_t at_ = 0;
  std::size_t values_ = 0;
};

}  // namespace

Json parse_json(std::string_view text, const std::string& what) { return Parser(text, what).document(); }

}  // namespace w2s
