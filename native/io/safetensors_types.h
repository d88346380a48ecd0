// The format's names of number types, and ATen's.
#pragma once

#include <c10/core/ScalarType.h>

#include <array>
#include <optional>
#include <string_view>

namespace w2s {

struct SafetensorsType {
  std::string_view name;
  at::ScalarType dtype;
};

inline constexpr std::array<SafetensorsType, 10> kSafetensorsTypes{{{"F32", at::kFloat},
                                                                    {"F16", at::kHalf},
                                                                    {"BF16", at::kBFloat16},
                                                                    {"F64", at::kDouble},
                                                                    {"I64", at::kLong},
                                                                    {"I32", at::kInt},
                                                                    {"I16", at::kShort},
                                                                    {"I8", at::kChar},
                                                                    {"U8", at::kByte},
                                                                    {"BOOL", at::kBool}}};

inline std::optional<at::ScalarType> safetensors_dtype(std::string_view name) {
  for (const auto& type : kSafetensorsTypes) {
    if (type.name == name) return type.dtype;
  }
  return std::nullopt;
}

inline std::optional<std::string_view> safetensors_name(at::ScalarType dtype) {
  for (const auto& type : kSafetensorsTypes) {
    if (type.dtype == dtype) return type.name;
  }
  return std::nullopt;
}

}  // namespace w2s
