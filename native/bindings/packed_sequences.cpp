#include "packed_sequences.h"

namespace w2s {

Sequences read_sequences(const Napi::Value& value, const std::string& what) {
  const Options fields(value, what);
  Sequences sequences;
  sequences.tokens_N = fields.int32_array("tokens");
  sequences.offsets_B1 = fields.int32_array("offsets");
  const auto& offsets = sequences.offsets_B1;
  for (size_t i = 1; i < offsets.size(); ++i) {
    if (offsets[i] < offsets[i - 1]) fail("ERR_ARGUMENT", "Expected rising offsets for " + what + ".");
  }
  if (fields.has("targetStarts")) {
    sequences.target_starts_B = fields.int32_array("targetStarts");
  } else {
    sequences.target_starts_B.assign(offsets.empty() ? 0 : offsets.size() - 1, 1);
  }
  return sequences;
}

PackOptions read_pack_options(const Options& options) {
  PackOptions packing;
  packing.with_offsets = true;  // as on other devices than the CPU
  packing.share_prefixes = options.boolean("sharePrefixes", false);
  packing.round_rows_to = options.integer("roundRowsTo", 1, 1 << 20, 1);
  if (options.choice("reading", {"last-token", "targets"}) == "targets") packing.reading = Reading::kTargets;
  return packing;
}

}  // namespace w2s
