// Attention of one tree and key-value head, backward. Probabilities P come again from the scores and the log-sum-exp
// of the forward pass. With O = P V:  dV = Pᵀ dO,  dP = dO Vᵀ,  dS = scale · P ∘ (dP − rowsum(P ∘ dP)),  dQ = dS K,
// dK = dSᵀ Q. Keys that several branches or heads see gather their gradients in float32 and in order.
#include <math.h>

#include "attention_path.h"
#include "table.h"

namespace w2s::loops::W2S_LOOPS {
namespace {

// Of one query: scores become P, d_scores (dP) become dS. `count` places are seen.
void soften(float* scores, float* d_scores, int64_t count, float log_sum_exp, float scale) {
  const int64_t whole = count / kLanes * kLanes;
  for (int64_t p = count; p < whole + kLanes; ++p) {
    scores[p] = -INFINITY;
    d_scores[p] = 0.0f;
  }
  Floats sum = {};
  for (int64_t p = 0; p < count; p += kLanes) {
    const Floats probability = exp(load(scores + p) * scale - log_sum_exp);
    store(scores + p, probability);
    sum += probability * load(d_scores + p);
  }
  const float mean = sum_lanes(sum);
  for (int64_t p = 0; p < count; p += kLanes)
    store(d_scores + p, load(scores + p) * (load(d_scores + p) - mean) * scale);
}

// sums[row of the tree] += Σ_i weights[i][place] · rows i of `rows`, a few keys at a time, over the queries that see any
// of them. Weights outside what a query sees are 0.
template <class T>
void sum_over_queries(const AttentionTask<T>& task, int64_t branch, const Block& block, const float* weights,
                      Rows rows, const Scratch& s, float* sums) {
  for_each_piece(task, branch, block.low, block.high, [&](const Piece& piece) {
    int64_t begin = 0;
    for (int64_t key = 0; key < piece.count; key += kTileRows) {
      const int64_t count = piece.count - key < kTileRows ? piece.count - key : kTileRows;
      const int64_t place = piece.place + key;
      while (begin < block.count && task.query_places[block.first + begin] < place) ++begin;
      int64_t end = block.count;
      if (task.window > 0) {
        while (end > begin &&
               first_seen(task.query_places[block.first + end - 1], task.window) >= place + count)
          --end;
      }
      multiply<true>({weights + begin * s.score_stride + place - block.low, 1, s.score_stride},
                     {rows.data + begin * rows.stride, rows.stride},
                     {sums + (piece.row + key) * s.width, s.width}, count, end - begin, task.head_dim);
    }
  });
}

template <class T>
void backward_block(const AttentionTask<T>& task, int64_t branch, const Block& block, int64_t head, Rows keys,
                    const Scratch& s) {
  const Rows q = in_vectors(task.q.at(block.first, head), task.q.row_stride, block.count, task.head_dim, s.q);
  const Rows d_out = in_vectors(task.d_out.at(block.first, head), task.d_out.row_stride, block.count,
                                task.head_dim, s.d_out);
  multiply_by_path(task, branch, block, q, s.keys_ER, s, s.scores);
  multiply_by_path(task, branch, block, d_out, s.values_ER, s, s.d_scores);
  for (int64_t i = 0; i < block.count; ++i) {
    const int64_t place = task.query_places[block.first + i], low = first_seen(place, task.window);
    float* scores = s.scores + i * s.score_stride - block.low;
    float* d_scores = s.d_scores + i * s.score_stride - block.low;
    soften(scores + low, d_scores + low, place + 1 - low,
           task.log_sum_exp[head * task.queries + block.first + i], task.scale);
    set_zero(scores + block.low, low - block.low);
    set_zero(scores + place + 1, block.high - place - 1);
    set_zero(d_scores + block.low, low - block.low);
    set_zero(d_scores + place + 1, block.high - place - 1);
  }
  sum_over_path(task, branch, block, s.d_scores, keys, s, s.out);
  for (int64_t i = 0; i < block.count; ++i)
    store_row(task.d_q.at(block.first + i, head), s.out + i * s.width, task.head_dim, 1.0f);
  sum_over_queries(task, branch, block, s.d_scores, q, s, s.d_keys_RE);
  sum_over_queries(task, branch, block, s.scores, d_out, s, s.d_values_RE);
}

}  // namespace

template <class T>
void attention_backward(const AttentionTask<T>& task) {
  const Scratch s = lay_out(task.scratch, {task.rows, task.most_keys, task.head_dim, true});
  const T* k = task.k.at(task.first_row, task.kv_head);
  const T* v = task.v.at(task.first_row, task.kv_head);
  transpose(k, task.k.row_stride, task.rows, task.head_dim, s.keys_ER, s.key_stride);
  transpose(v, task.v.row_stride, task.rows, task.head_dim, s.values_ER, s.key_stride);
  const Rows keys = in_vectors(k, task.k.row_stride, task.rows, task.head_dim, s.keys_RE);
  set_zero(s.d_keys_RE, task.rows * s.width);
  set_zero(s.d_values_RE, task.rows * s.width);
  for (int64_t branch = task.first_branch; branch < task.end_branch; ++branch) {
    const int64_t end = task.query_offsets[branch + 1];
    for (int64_t first = task.query_offsets[branch]; first < end; first += s.block) {
      const Block block = make_block(task, first, first + s.block < end ? first + s.block : end);
      for (int64_t head = 0; head < task.query_heads; ++head)
        backward_block(task, branch, block, task.kv_head * task.query_heads + head, keys, s);
    }
  }
  for (int64_t row = 0; row < task.rows; ++row) {
    store_row(task.d_k.at(task.first_row + row, task.kv_head), s.d_keys_RE + row * s.width, task.head_dim,
              1.0f);
    store_row(task.d_v.at(task.first_row + row, task.kv_head), s.d_values_RE + row * s.width, task.head_dim,
              1.0f);
  }
}

template void attention_backward(const AttentionTask<float>&);
template void attention_backward(const AttentionTask<Bfloat16>&);

}  // namespace w2s::loops::W2S_LOOPS
