// Attention of one tree and key-value head, forward. Of each query all scores are held at once (they fit the cache up
// to long contexts), so softmax needs no second pass over keys.
#include <math.h>

#include "attention_path.h"
#include "table.h"

namespace w2s::loops::W2S_LOOPS {
namespace {

struct Softmax {
  float most, sum;
};

// scores[0, count) become e^(scale · score − most); lanes beyond count are read, and written as 0.
Softmax exponentials(float* scores, int64_t count, float scale) {
  const int64_t whole = count / kLanes * kLanes;
  for (int64_t p = count; p < whole + kLanes; ++p) scores[p] = -INFINITY;
  Floats most_lanes = all(-INFINITY);
  for (int64_t p = 0; p < count; p += kLanes) most_lanes = larger(load(scores + p), most_lanes);
  const float most = largest_lane(most_lanes) * scale;
  Floats sum = {};
  for (int64_t p = 0; p < count; p += kLanes) {
    const Floats term = exp(load(scores + p) * scale - most);
    store(scores + p, term);
    sum += term;
  }
  return {most, sum_lanes(sum)};
}

template <class T>
void attend_block(const AttentionTask<T>& task, int64_t branch, const Block& block, int64_t head, Rows values,
                  const Scratch& s) {
  const Rows q = in_vectors(task.q.at(block.first, head), task.q.row_stride, block.count, task.head_dim, s.q);
  multiply_by_path(task, branch, block, q, s.keys_ER, s, s.scores);
  float inverse_sums[kMostBlockRows];
  for (int64_t i = 0; i < block.count; ++i) {
    const int64_t place = task.query_places[block.first + i], low = first_seen(place, task.window);
    const int64_t last_of_tile = i / kTileRows * kTileRows + kTileRows - 1;
    const int64_t last = last_of_tile < block.count ? last_of_tile : block.count - 1;
    float* scores = s.scores + i * s.score_stride - block.low;
    const Softmax softmax = exponentials(scores + low, place + 1 - low, task.scale);
    // What the tile's other queries see and this one does not.
    const int64_t tile_low =
        first_seen(task.query_places[block.first + i / kTileRows * kTileRows], task.window);
    set_zero(scores + tile_low, low - tile_low);
    set_zero(scores + place + 1, task.query_places[block.first + last] - place);
    task.log_sum_exp[head * task.queries + block.first + i] = softmax.most + logf(softmax.sum);
    inverse_sums[i] = 1.0f / softmax.sum;
  }
  sum_over_path(task, branch, block, s.scores, values, s, s.out);
  for (int64_t i = 0; i < block.count; ++i)
    store_row(task.out.at(block.first + i, head), s.out + i * s.width, task.head_dim, inverse_sums[i]);
}

}  // namespace

template <class T>
void attention(const AttentionTask<T>& task) {
  const Scratch s = lay_out(task.scratch, {task.rows, task.most_keys, task.head_dim, false});
  const T* k = task.k.at(task.first_row, task.kv_head);
  const T* v = task.v.at(task.first_row, task.kv_head);
  transpose(k, task.k.row_stride, task.rows, task.head_dim, s.keys_ER, s.key_stride);
  const Rows values = in_vectors(v, task.v.row_stride, task.rows, task.head_dim, s.values_RE);
  for (int64_t branch = task.first_branch; branch < task.end_branch; ++branch) {
    const int64_t end = task.query_offsets[branch + 1];
    for (int64_t first = task.query_offsets[branch]; first < end; first += s.block) {
      const Block block = make_block(task, first, first + s.block < end ? first + s.block : end);
      for (int64_t head = 0; head < task.query_heads; ++head)
        attend_block(task, branch, block, task.kv_head * task.query_heads + head, values, s);
    }
  }
}

int64_t attention_scratch(const AttentionSizes& sizes) { return lay_out(nullptr, sizes).floats; }

template void attention(const AttentionTask<float>&);
template void attention(const AttentionTask<Bfloat16>&);

}  // namespace w2s::loops::W2S_LOOPS
