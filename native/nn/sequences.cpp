#include "sequences.h"

#include <string>

#include "../error.h"

namespace w2s {
namespace {

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
  for (const int64_t token : sequences.tokens_L(index)) {
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

}  // namespace w2s
