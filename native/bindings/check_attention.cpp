#include "check_attention.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/randn.h>

#include <numeric>

#include "../nn/attention_cuda.h"
#include "../nn/attention_varlen.h"
#include "../nn/packed.h"
#include "convert.h"
#include "errors.h"
#include "packed_sequences.h"

namespace w2s {
namespace {

struct Shape {
  int64_t heads = 1, key_heads = 1, head_size = 8, window = 0;
};

struct Computed {
  at::Tensor out, d_q, d_k, d_v;
};

const char* path_name(AttentionPath path) {
  switch (path) {
    case AttentionPath::kFlash:
      return "flash";
    case AttentionPath::kEfficient:
      return "efficient";
    case AttentionPath::kPlain:
      break;
  }
  return "plain";
}

// Queries, keys and values as the model has them: views of one product's result.
struct Inputs {
  Inputs(const AttentionLayout& layout, const Shape& shape, const at::Generator& generator) {
    const auto random = [&](at::IntArrayRef sizes) { return at::randn(sizes, generator, at::kFloat); };
    q = random({layout.queries(), shape.heads, shape.head_size});
    const at::Tensor kv = random({layout.rows, 2 * shape.key_heads, shape.head_size});
    k = kv.narrow(1, 0, shape.key_heads);
    v = kv.narrow(1, shape.key_heads, shape.key_heads);
    d_out = random({layout.queries(), shape.heads * shape.head_size});
  }
  at::Tensor q, k, v, d_out;
};

template <class Forward, class Backward>
Computed compute(const Inputs& x, Forward forward, Backward backward) {
  const Attended attended = forward();
  Computed result{attended.out_QD, at::empty(x.q.sizes()), at::empty(x.k.sizes()), at::empty(x.v.sizes())};
  backward(attended, result);
  return result;
}

double difference(const at::Tensor& a, const at::Tensor& b) {
  return a.numel() == 0 ? 0.0 : (a - b).abs().max().item<double>();
}

// Over offsets against the plain kernels; the largest difference of each result.
Napi::Object compare(Napi::Env env, const AttentionCall& call, const Shape& shape,
                     const at::Generator& generator) {
  const Inputs x(call.layout, shape, generator);
  const auto plain = plain_kernels();
  const auto varlen = plain_varlen_kernel();
  const Computed expected = compute(
      x, [&] { return plain->attention(call, x.q, x.k, x.v); },
      [&](const Attended& attended, Computed& to) {
        plain->attention_backward(call, x.q, x.k, x.v, attended, x.d_out, to.d_q, to.d_k, to.d_v);
      });
  const Computed computed = compute(
      x, [&] { return varlen_attention(*varlen, call, x.q, x.k, x.v); },
      [&](const Attended& attended, Computed& to) {
        varlen_attention_backward(*varlen, call, x.q, x.k, x.v, attended, x.d_out, to.d_q, to.d_k, to.d_v);
      });
  Napi::Object result = Napi::Object::New(env);
  result["out"] = Napi::Number::New(env, difference(computed.out, expected.out));
  result["dQ"] = Napi::Number::New(env, difference(computed.d_q, expected.d_q));
  result["dK"] = Napi::Number::New(env, difference(computed.d_k, expected.d_k));
  result["dV"] = Napi::Number::New(env, difference(computed.d_v, expected.d_v));
  return result;
}

Napi::Object layout_checks(Napi::Env env, const AttentionLayout& layout, const Shape& shape,
                           const at::Generator& generator) {
  const AttentionCall call{layout, shape.window, 0.3};
  Napi::Object paths = Napi::Object::New(env);
  for (const int64_t capability : {7, 9}) {
    const std::string suffix = capability == 9 ? "" : "Old";
    for (const auto& [name, dtype] : {std::pair{"f32", at::kFloat}, std::pair{"bf16", at::kBFloat16}})
      paths[name + suffix] =
          Napi::String::New(env, path_name(attention_path(call, {dtype, shape.head_size, capability})));
  }
  Napi::Object result = Napi::Object::New(env);
  result["paths"] = paths;
  if (layout.trailing) result["differences"] = compare(env, call, shape, generator);
  return result;
}

}  // namespace

Napi::Value check_attention(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  return guarded(env, [&]() -> Napi::Value {
    const Sequences sequences = read_sequences(info[0], "the sequences of checkAttention");
    const Options options(info[1], "checkAttention's options");
    check_sequences(sequences, int64_t{1} << 31, int64_t{1} << 31);
    const PackOptions packing = read_pack_options(options);
    const Shape shape{options.integer("heads", 1, 64), options.integer("keyHeads", 1, 64),
                      options.integer("headSize", 1, 512), options.integer("window", 0, 1 << 20, 0)};
    std::vector<int64_t> indices(sequences.count());
    std::iota(indices.begin(), indices.end(), 0);
    const PackedBatch batch = pack(sequences, indices, packing, at::Device(at::kCPU));
    at::Generator generator = at::detail::createCPUGenerator(1);
    Napi::Object result = Napi::Object::New(env);
    result["all"] = layout_checks(env, batch.all, shape, generator);
    result["read"] = layout_checks(env, batch.read, shape, generator);
    return result;
  });
}

}  // namespace w2s
