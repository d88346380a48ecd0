// The functions of a table, as the files of this folder define them.
#pragma once

#include "loops.h"

#ifndef W2S_LOOPS
#define W2S_LOOPS baseline
#endif

namespace w2s::loops::W2S_LOOPS {

template <class T>
void activation(const ActivationRows<T>& call);
template <class T>
void activation_backward(const ActivationBackwardRows<T>& call);
template <class T>
void gated(const GatedRows<T>& call);
template <class T>
void gated_backward(const GatedBackwardRows<T>& call);
template <class T>
void norm(const NormRows<T>& call);
template <class T>
void norm_backward(const NormBackwardRows<T>& call);
template <class T>
void add_residual(const ResidualRows<T>& call);
template <class T>
void add_column_sums(const ColumnSums<T>& call);
template <class T>
void rotate(const RotaryRows<T>& call);
template <class T>
void attention(const AttentionTask<T>& task);
template <class T>
void attention_backward(const AttentionTask<T>& task);
void score(const ScoreRows& call);
int64_t attention_scratch(const AttentionSizes& sizes);

}  // namespace w2s::loops::W2S_LOOPS
