#include "embedding_rows.h"

#include <algorithm>
#include <numeric>

namespace w2s {
namespace {

std::optional<size_t> index_of(const Model& model, const at::Tensor& tensor) {
  const auto& parameters = model.parameters();
  const auto found =
      std::ranges::find_if(parameters, [&](const Parameter& p) { return p.tensor.is_same(tensor); });
  if (!tensor.defined() || found == parameters.end()) return std::nullopt;
  return found - parameters.begin();
}

void append(std::vector<int64_t>& rows, const at::Tensor& tokens_K) {
  const at::Tensor host = tokens_K.to(at::kCPU);
  rows.insert(rows.end(), host.const_data_ptr<int64_t>(), host.const_data_ptr<int64_t>() + host.numel());
}

}  // namespace

std::optional<EmbeddingRows> embedding_rows(const Model& model, const Sequences& sequences) {
  const Head& head = model.head();
  const bool of_answers =
      head.kind() == HeadKind::kTokens && head.vocabulary() == AnswerVocabulary::kRestricted;
  if (head.reads_unembedding() && !of_answers && model.config().tied_embeddings) return std::nullopt;
  EmbeddingRows rows;
  if (const auto tokens = index_of(model, model.decoder().token_embedding()))
    rows[*tokens].assign(sequences.tokens_N.begin(), sequences.tokens_N.end());
  if (of_answers) {
    if (const auto unembedding = index_of(model, model.unembedding()))
      append(rows[*unembedding], head.tokens_K());
  }
  if (const auto positions = index_of(model, model.decoder().position_embedding())) {
    int64_t longest = 0;
    for (int64_t i = 0; i < sequences.count(); ++i) longest = std::max(longest, sequences.length(i));
    std::vector<int64_t>& read = rows[*positions];
    read.resize(longest);
    std::iota(read.begin(), read.end(), 0);
  }
  return rows;
}

}  // namespace w2s
