// A model's forward and backward: the decoder's pass, by hand or by autograd, and the heads around it by hand.
#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/full.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include "../error.h"
#include "model.h"

namespace w2s {
namespace {

// Autograd adds to what it finds as the parameters' gradients: views of the caller's buffer, lent for one backward.
class LentGradients {
 public:
  LentGradients(const std::vector<Parameter>& parameters, Gradients& gradients) : parameters_(parameters) {
    for (size_t i = 0; i < parameters.size(); ++i)
      parameters[i].tensor.mutable_grad() = gradients.accumulator(i);
  }
  ~LentGradients() {
    for (const Parameter& parameter : parameters_) parameter.tensor.mutable_grad() = at::Tensor();
  }
  LentGradients(const LentGradients&) = delete;
  LentGradients& operator=(const LentGradients&) = delete;

 private:
  const std::vector<Parameter>& parameters_;
};

// Of rows that are each read once or more often, from the gradients of their readers.
at::Tensor gather_gradients(const at::Tensor& d_readers, const PackedBatch& batch) {
  const int64_t rows = batch.read_rows_R.size(0);
  if (rows == batch.reads.size(0)) return at::empty_like(d_readers).index_copy_(0, batch.reads, d_readers);
  // index_put_ sorts before it adds: one order on every device.
  return at::zeros({rows, d_readers.size(1)}, d_readers.options())
      .index_put_({batch.reads}, d_readers, /*accumulate=*/true);
}

}  // namespace

ForwardPass Model::read(const PackedBatch& batch, Purpose purpose) const {
  ForwardPass pass;
  at::Tensor hidden_RD;
  if (reference_) {
    const at::AutoGradMode grad_mode(purpose == Purpose::kTraining);
    pass.graph_RD = decoder_->hidden(batch).index_select(0, batch.read_rows_R);
    hidden_RD = pass.graph_RD.detach();
  } else {
    if (purpose == Purpose::kTraining) pass.tape = std::make_shared<Tape>();
    hidden_RD = direct_->forward(batch, pass.tape.get());
  }
  const Profile::Scope scope(profile_.get(), Part::kLoss);
  pass.hidden = hidden_RD.index_select(0, batch.reads).to(at::kFloat);
  return pass;
}

at::Tensor Model::read_hidden(const PackedBatch& batch) const {
  return read(batch, Purpose::kScoring).hidden;
}

ForwardPass Model::forward(const PackedBatch& batch, Purpose purpose) const {
  if (head_.kind() == HeadKind::kLm)
    fail("ERR_ARGUMENT", "Expected a head with logits, not a language model.");
  const at::NoGradGuard no_grad;
  ForwardPass pass = read(batch, purpose);
  if (head_.kind() == HeadKind::kTokens) {
    pass.logits_BK = answer_logits(readout(), pass.hidden, head_.tokens_K(), head_.vocabulary());
    return pass;
  }
  if (head_.kind() != HeadKind::kLikelihood) {
    const Profile::Scope scope(profile_.get(), Part::kLoss);
    pass.logits_BK = at::mm(pass.hidden, head_.score_KD().t());
    return pass;
  }
  pass.scores = w2s::score_tokens(readout(), pass.hidden, batch.targets_T);
  const Profile::Scope scope(profile_.get(), Part::kLoss);
  const auto sequences = static_cast<int64_t>(batch.indices_B.size());
  pass.log_prob_sums_B = at::zeros({sequences}, pass.scores.log_probs_T.options())
                             .index_add_(0, batch.segments_T, pass.scores.log_probs_T);
  const at::Tensor z_B = pass.log_prob_sums_B * head_.scale() + head_.bias();
  pass.logits_BK = at::stack({at::zeros_like(z_B), z_B}, 1);
  return pass;
}

// d_hidden is that of what the head read.
void Model::backward_hidden(const PackedBatch& batch, const ForwardPass& pass, const at::Tensor& d_hidden,
                            Gradients& gradients) const {
  const at::Tensor d_hidden_RD = gather_gradients(d_hidden, batch);
  if (!reference_) {
    direct_->backward(batch, *pass.tape, d_hidden_RD.to(decoder_->compute_dtype()), gradients);
    return;
  }
  const LentGradients lent(decoder_->parameters(), gradients);
  const at::AutoGradMode grad_mode(true);
  pass.graph_RD.backward(d_hidden_RD);
}

Readout Model::readout() const {
  const at::Tensor& master_VD = unembedding();
  // On a GPU this product is the largest of all and float32 a tenth as fast as bfloat16. On a CPU it is float32, as
  // heads and losses are, and so it is for the few rows that answers are read from.
  const bool exact = device_.is_cpu() || head_.kind() == HeadKind::kTokens;
  const auto dtype = exact ? at::kFloat : decoder_->compute_dtype();
  return {*kernels_, master_VD.detach().to(dtype), profile_.get(), /*chunk_rows=*/0};
}

// The unembedding's place, which is the token embedding where the two are tied.
size_t Model::unembedding_index() const {
  const TensorNames& names = decoder_->config().names;
  return parameter_index(decoder_->config().tied_embeddings
                             ? names.base_prefix + names.token_embedding + ".weight"
                             : kUnembedding);
}

UnembeddingGradient Model::unembedding_gradient(Gradients& gradients) const {
  const Gradients::Target target = gradients.target({unembedding_index()});
  return {target.tensor, target.fresh};
}

at::Tensor Model::backward_answers(const ForwardPass& pass, const at::Tensor& d_logits_BK,
                                   Gradients& gradients) const {
  if (head_.vocabulary() == AnswerVocabulary::kFull)
    return backward_full_answers(readout(), pass.hidden, head_.tokens_K(), d_logits_BK,
                                 unembedding_gradient(gradients));
  const AnswerGradients found =
      backward_restricted_answers(readout(), pass.hidden, head_.tokens_K(), d_logits_BK);
  gradients.add_rows(unembedding_index(), head_.tokens_K(), found.d_rows_KD);
  return found.d_hidden_BD;
}

// Adds the gradients of the head's parameters and gives that of what it read.
at::Tensor Model::backward_head(const PackedBatch& batch, const ForwardPass& pass,
                                const at::Tensor& d_logits_BK, Gradients& gradients) const {
  if (head_.kind() == HeadKind::kTokens) return backward_answers(pass, d_logits_BK, gradients);
  const auto in_loss = [&] { return Profile::Scope(profile_.get(), Part::kLoss); };
  if (head_.kind() != HeadKind::kLikelihood) {
    const Profile::Scope scope = in_loss();
    gradients.add_product(parameter_index(kScore), d_logits_BK.t(), pass.hidden);
    return at::mm(d_logits_BK, head_.score_KD());
  }
  at::Tensor d_log_probs_T;
  {
    const Profile::Scope scope = in_loss();
    const at::Tensor d_z_B = d_logits_BK.select(1, 1);
    gradients.accumulator(parameter_index(kLikelihoodScale)).add_((d_z_B * pass.log_prob_sums_B).sum());
    gradients.accumulator(parameter_index(kLikelihoodBias)).add_(d_z_B.sum());
    d_log_probs_T = (d_z_B * head_.scale()).index_select(0, batch.segments_T);
  }
  return backward_tokens(readout(), pass.hidden, batch.targets_T, d_log_probs_T,
                         unembedding_gradient(gradients))
      .d_hidden_TD;
}

void Model::backward(const PackedBatch& batch, const ForwardPass& pass, const at::Tensor& d_logits_BK,
                     Gradients& gradients) const {
  const at::NoGradGuard no_grad;
  const at::Tensor d_hidden = backward_head(batch, pass, d_logits_BK.to(device_), gradients);
  backward_hidden(batch, pass, d_hidden, gradients);
}

TokenScores Model::score_targets(const PackedBatch& batch) const {
  return w2s::score_tokens(readout(), read_hidden(batch), batch.targets_T);
}

LanguageModelLoss Model::backward_language_model(const PackedBatch& batch, double normaliser,
                                                 Gradients& gradients) const {
  const at::NoGradGuard no_grad;
  const auto sequences = static_cast<int64_t>(batch.indices_B.size());
  const auto count = at::TensorOptions().dtype(at::kLong).device(device_);
  if (batch.reads.size(0) == 0)
    return {at::zeros({}, count.dtype(at::kDouble)), at::full({}, sequences, count)};
  const ForwardPass pass = read(batch, Purpose::kTraining);
  const at::Tensor d_log_probs_T = at::full({batch.reads.size(0)}, -1.0 / normaliser, pass.hidden.options());
  const TokenGradients found = backward_tokens(readout(), pass.hidden, batch.targets_T, d_log_probs_T,
                                               unembedding_gradient(gradients));
  LanguageModelLoss result;
  {
    const Profile::Scope scope(profile_.get(), Part::kLoss);
    const at::Tensor wrong_T = found.argmax_T.ne(batch.targets_T).to(at::kLong);
    const at::Tensor wrong_B =
        at::zeros({sequences}, wrong_T.options()).index_add_(0, batch.segments_T, wrong_T);
    result.loss = -found.log_probs_T.to(at::kDouble).sum() / normaliser;
    result.exact_matches = wrong_B.eq(0).sum();
  }
  backward_hidden(batch, pass, found.d_hidden_TD, gradients);
  return result;
}

}  // namespace w2s
