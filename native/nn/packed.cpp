#include "packed.h"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <cstring>
#include <numeric>

#include "../error.h"

namespace w2s {
namespace {

at::Tensor to_device(const std::vector<int64_t>& values, const at::Device& device) {
  at::Tensor host = at::empty({static_cast<int64_t>(values.size())}, at::kLong);
  if (!values.empty()) std::memcpy(host.data_ptr<int64_t>(), values.data(), values.size() * sizeof(int64_t));
  return host.to(device);
}

// Rows that are read, each once and ascending, and the place of each reader's row among them.
void set_reads(PackedBatch& batch, const std::vector<int64_t>& rows_of_readers, const at::Device& device) {
  std::vector<int64_t> rows_R = rows_of_readers;
  std::ranges::sort(rows_R);
  rows_R.erase(std::ranges::unique(rows_R).begin(), rows_R.end());
  std::vector<int64_t> reads;
  reads.reserve(rows_of_readers.size());
  for (const int64_t row : rows_of_readers)
    reads.push_back(std::ranges::lower_bound(rows_R, row) - rows_R.begin());
  batch.read_rows_R = to_device(rows_R, device);
  batch.reads = to_device(reads, device);
  batch.read = with_queries(batch.all, rows_R, device);
}

[[noreturn]] void bad_sequence(int64_t index, const std::string& expected, const std::string& received) {
  fail("ERR_ARGUMENT",
       "Expected " + expected + " for sequence " + std::to_string(index) + " but received " + received + ".");
}

void check_sequence(const Sequences& sequences, int64_t index, int64_t vocabulary_size,
                    int64_t context_length) {
  const int64_t length = sequences.length(index);
  if (length < 1) bad_sequence(index, "at least one token", std::to_string(length));
  if (length > context_length) {
    bad_sequence(index, "at most " + std::to_string(context_length) + " tokens", std::to_string(length));
  }
  const int64_t start = sequences.target_starts_B[index];
  if (start < 1) bad_sequence(index, "a target start of at least 1", std::to_string(start));
  for (int64_t row = sequences.offsets_B1[index]; row < sequences.offsets_B1[index + 1]; ++row) {
    const int64_t token = sequences.tokens_N[row];
    if (token < 0 || token >= vocabulary_size) {
      bad_sequence(index, "token ids from 0 to " + std::to_string(vocabulary_size - 1),
                   std::to_string(token));
    }
  }
}

}  // namespace

void check_sequences(const Sequences& sequences, int64_t vocabulary_size, int64_t context_length) {
  const auto& offsets = sequences.offsets_B1;
  if (offsets.size() < 2 || offsets.front() != 0 ||
      offsets.back() != static_cast<int64_t>(sequences.tokens_N.size())) {
    fail("ERR_ARGUMENT", "Expected offsets from 0 to the number of tokens for packed sequences.");
  }
  if (static_cast<int64_t>(sequences.target_starts_B.size()) != sequences.count()) {
    fail("ERR_ARGUMENT", "Expected one target start a sequence for packed sequences.");
  }
  for (int64_t index = 0; index < sequences.count(); ++index) {
    check_sequence(sequences, index, vocabulary_size, context_length);
  }
}

PackedBatch pack(const Sequences& sequences, const std::vector<int64_t>& indices_B,
                 const PackOptions& options, const at::Device& device) {
  PackedBatch batch;
  batch.indices_B = indices_B;
  batch.reading = options.reading;
  std::vector<int64_t> tokens_N, positions_N, last_rows_B, target_rows_T, targets_T;
  for (const int64_t index : indices_B) {
    const int64_t first_row = static_cast<int64_t>(tokens_N.size());
    const int64_t length = sequences.length(index);
    const int32_t* tokens_L = sequences.tokens_N.data() + sequences.offsets_B1[index];
    for (int64_t position = 0; position < length; ++position) {
      tokens_N.push_back(tokens_L[position]);
      positions_N.push_back(position);
    }
    for (int64_t position = sequences.target_starts_B[index]; position < length; ++position) {
      target_rows_T.push_back(first_row + position - 1);
      targets_T.push_back(tokens_L[position]);
    }
    batch.target_counts_B.push_back(std::max<int64_t>(0, sequences.targets(index)));
    last_rows_B.push_back(first_row + length - 1);
    if (batch.groups.empty() || batch.groups.back().length != length)
      batch.groups.push_back({first_row, 0, length});
    batch.groups.back().count += 1;
    batch.all.branches.push_back({{first_row, length}, 0, static_cast<int64_t>(batch.all.branches.size())});
    batch.all.run_offsets.push_back(static_cast<int64_t>(batch.all.runs.size()));
    batch.all.runs.push_back({first_row, length});
  }
  batch.all.run_offsets.push_back(static_cast<int64_t>(batch.all.runs.size()));
  batch.all.rows = static_cast<int64_t>(tokens_N.size());
  std::vector<int64_t> every_row(tokens_N.size());
  std::iota(every_row.begin(), every_row.end(), 0);
  batch.all = with_queries(batch.all, every_row, device);
  batch.tokens_N = to_device(tokens_N, device);
  batch.positions_N = to_device(positions_N, device);
  batch.targets_T = to_device(targets_T, device);
  set_reads(batch, options.reading == Reading::kLastToken ? last_rows_B : target_rows_T, device);
  return batch;
}

}  // namespace w2s
