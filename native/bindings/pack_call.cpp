#include "pack_call.h"

#include "../nn/fixed_shape.h"
#include "../nn/micro_batches.h"
#include "../nn/packed.h"
#include "convert.h"
#include "errors.h"
#include "packed_sequences.h"

namespace w2s {
namespace {

template <class Values>
Napi::Int32Array int32_array(Napi::Env env, const Values& values) {
  return to_int32_array(env, {values.begin(), values.end()});
}

Napi::Int32Array int32_array(Napi::Env env, const at::Tensor& values) {
  const int64_t* from = values.const_data_ptr<int64_t>();
  return to_int32_array(env, {from, from + values.numel()});
}

Napi::Object layout_to_js(Napi::Env env, const AttentionLayout& layout) {
  std::vector<int64_t> branches, runs;
  for (const Branch& branch : layout.branches) {
    for (const int64_t field : {branch.own.first_row, branch.own.count, branch.prefix, branch.tree})
      branches.push_back(field);
  }
  for (const Run& run : layout.runs) {
    runs.push_back(run.first_row);
    runs.push_back(run.count);
  }
  Napi::Object result = Napi::Object::New(env);
  result["branches"] = int32_array(env, branches);
  result["runs"] = int32_array(env, runs);
  result["runOffsets"] = int32_array(env, layout.run_offsets);
  result["queryOffsets"] = int32_array(env, layout.query_offsets);
  result["queryPlaces"] = int32_array(env, layout.query_places);
  if (layout.key_rows.defined()) result["keyRows"] = int32_array(env, layout.key_rows);
  result["keyOffsets"] = int32_array(env, layout.key_offsets_on_device.to(at::kLong));
  result["trailing"] = Napi::Boolean::New(env, layout.trailing);
  return result;
}

Napi::Object batch_to_js(Napi::Env env, const PackedBatch& batch) {
  Napi::Object result = Napi::Object::New(env);
  result["sequences"] = int32_array(env, batch.indices_B);
  result["tokens"] = int32_array(env, batch.tokens_N);
  result["positions"] = int32_array(env, batch.positions_N);
  result["paddingRows"] = Napi::Number::New(env, static_cast<double>(batch.padding_rows));
  result["targets"] = int32_array(env, batch.targets_T);
  result["targetCounts"] = int32_array(env, batch.target_counts_B);
  result["readRows"] = int32_array(env, batch.read_rows_R);
  result["reads"] = int32_array(env, batch.reads);
  result["all"] = layout_to_js(env, batch.all);
  result["read"] = layout_to_js(env, batch.read);
  return result;
}

// As `pack`, or filled up to a fixed shape where there is one.
Napi::Object packed_to_js(Napi::Env env, const Sequences& sequences, const std::vector<int64_t>& indices,
                          const PackOptions& packing, int64_t context_length) {
  const auto shape = context_length > 0 ? fixed_shape(sequences, indices, context_length) : std::nullopt;
  if (!shape) return batch_to_js(env, pack(sequences, indices, packing, at::kCPU));
  const PackedBatch batch = pack_to(*shape, sequences, indices, at::kCPU);
  Napi::Object result = batch_to_js(env, batch);
  result["longest"] = Napi::Number::New(env, static_cast<double>(batch.all.most_keys));
  result["bytes"] = Napi::Number::New(env, static_cast<double>(batch.arrays.numel()));
  return result;
}

}  // namespace

Napi::Value pack_call(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  return guarded(env, [&]() -> Napi::Value {
    const Sequences sequences = read_sequences(info[0], "the sequences of packMicroBatches");
    const Options options(info[1], "packMicroBatches's options");
    check_sequences(sequences, int64_t{1} << 31, int64_t{1} << 31);
    const PackOptions packing = read_pack_options(options);
    const int64_t group = options.integer("group", 1, 1 << 20, 1);
    const auto plan = plan_micro_batches(sequences, options.integer("microBatchTokens", 1, 1LL << 40), group,
                                         packing.share_prefixes);
    Napi::Array batches = Napi::Array::New(env);
    uint32_t count = 0;
    const int64_t context_length = options.integer("fixedShapeContext", 1, 1 << 30, 0);
    for (const auto& indices : plan)
      batches[count++] = packed_to_js(env, sequences, indices, packing, context_length);
    return batches;
  });
}

}  // namespace w2s
