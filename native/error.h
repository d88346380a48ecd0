// The one exception type that native code throws on purpose. Its code is one of `src/errors.ts`; its message
// is one sentence ("Expected … for … but received …"); its hint ends in something to type.
#pragma once

#include <stdexcept>
#include <string>
#include <utility>

namespace w2s {

struct Error : std::runtime_error {
  Error(std::string code_in, std::string message, std::string hint_in = {})
      : std::runtime_error(std::move(message)), code(std::move(code_in)), hint(std::move(hint_in)) {}

  std::string code;
  std::string hint;
};

[[noreturn]] inline void fail(std::string code, std::string message, std::string hint = {}) {
  throw Error(std::move(code), std::move(message), std::move(hint));
}

}  // namespace w2s
