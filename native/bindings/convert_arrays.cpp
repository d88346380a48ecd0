// Typed arrays, in and out.
#include <ATen/ops/empty.h>

#include <cstring>
#include <memory>
#include <utility>

#include "convert.h"

namespace w2s {

namespace {

// Below this size a copy is cheaper than the bookkeeping of memory that V8 does not own.
constexpr std::size_t kHandOverBytes = std::size_t{1} << 20;

// Borrowed until the next call into JavaScript. Empty for a detached buffer.
template <class Number>
struct View {
  const Number* data;
  std::size_t size;
};

template <class Number>
View<Number> view_array(const Napi::Value& value, const std::string& what, napi_typedarray_type type,
                        const char* expected) {
  if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != type) {
    fail_argument(expected, what, value);
  }
  std::size_t size = 0;
  void* data = nullptr;
  const napi_status status =
      napi_get_typedarray_info(value.Env(), value, nullptr, &size, &data, nullptr, nullptr);
  if (status != napi_ok) fail_argument(expected, what, value);
  return {static_cast<const Number*>(data), data == nullptr ? 0 : size};
}

View<std::int32_t> view_int32(const Napi::Value& value, const std::string& what) {
  return view_array<std::int32_t>(value, what, napi_int32_array, "an Int32Array");
}

View<float> view_float32(const Napi::Value& value, const std::string& what) {
  return view_array<float>(value, what, napi_float32_array, "a Float32Array");
}

// An ArrayBuffer over memory that `owner` keeps; a copy where the runtime allows no such buffers.
template <class Owner>
Napi::ArrayBuffer hand_over(Napi::Env env, void* data, std::size_t bytes, Owner owner) {
  napi_value buffer = nullptr;
  if (bytes >= kHandOverBytes) {
    auto kept = std::make_unique<Owner>(std::move(owner));
    const auto release = [](napi_env, void*, void* hint) { delete static_cast<Owner*>(hint); };
    if (napi_create_external_arraybuffer(env, data, bytes, release, kept.get(), &buffer) == napi_ok) {
      kept.release();
      return Napi::ArrayBuffer(env, buffer);
    }
    owner = std::move(*kept);
  }
  Napi::ArrayBuffer copy = Napi::ArrayBuffer::New(env, bytes);
  if (bytes > 0) std::memcpy(copy.Data(), data, bytes);
  return copy;
}

template <class Array, class Number>
Array vector_to_array(Napi::Env env, std::vector<Number> values) {
  const std::size_t size = values.size();
  Number* const data = values.data();  // stays where it is when the vector is moved
  return Array::New(env, size, hand_over(env, data, size * sizeof(Number), std::move(values)), 0);
}

}  // namespace

std::vector<std::int32_t> read_int32_array(const Napi::Value& value, const std::string& what) {
  const auto view = view_int32(value, what);
  return {view.data, view.data + view.size};
}

std::vector<std::uint32_t> read_uint32_array(const Napi::Value& value, const std::string& what) {
  const auto view = view_array<std::uint32_t>(value, what, napi_uint32_array, "a Uint32Array");
  return {view.data, view.data + view.size};
}

std::vector<float> read_float32_array(const Napi::Value& value, const std::string& what) {
  const auto view = view_float32(value, what);
  return {view.data, view.data + view.size};
}

at::Tensor read_float32_tensor(const Napi::Value& value, const std::string& what) {
  const auto view = view_float32(value, what);
  at::Tensor out = at::empty({static_cast<std::int64_t>(view.size)}, at::kFloat);
  if (view.size > 0) std::memcpy(out.mutable_data_ptr(), view.data, view.size * sizeof(float));
  return out;
}

Napi::Float32Array to_float32_array(Napi::Env env, std::vector<float> values) {
  return vector_to_array<Napi::Float32Array>(env, std::move(values));
}

Napi::Int32Array to_int32_array(Napi::Env env, std::vector<std::int32_t> values) {
  return vector_to_array<Napi::Int32Array>(env, std::move(values));
}

Napi::Float32Array to_float32_array(Napi::Env env, at::Tensor values) {
  at::Tensor own = values.detach().to(at::kFloat).contiguous();
  values.reset();
  const bool shared = own.use_count() != 1 || own.storage().use_count() != 1;
  if (shared) own = own.clone();
  const auto size = static_cast<std::size_t>(own.numel());
  void* const data = size > 0 ? own.mutable_data_ptr() : nullptr;
  return Napi::Float32Array::New(env, size, hand_over(env, data, size * sizeof(float), std::move(own)), 0);
}

Napi::Array to_number_array(Napi::Env env, const std::vector<std::int64_t>& values) {
  Napi::Array array = Napi::Array::New(env, values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    array.Set(static_cast<std::uint32_t>(i), Napi::Number::New(env, static_cast<double>(values[i])));
  }
  return array;
}

}  // namespace w2s
