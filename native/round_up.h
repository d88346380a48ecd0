#pragma once

#include <cstdint>

namespace w2s {

/// The smallest multiple that is not less.
constexpr std::int64_t round_up(std::int64_t value, std::int64_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

}  // namespace w2s
