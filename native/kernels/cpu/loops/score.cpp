// Log-softmax of rows of logits at their targets. A row of a usual vocabulary stays in the second cache between its
// passes.
#include <math.h>

#include "table.h"
#include "vectors.h"

namespace w2s::loops::W2S_LOOPS {
namespace {

constexpr int64_t kTogether = 4 * kLanes;

float largest(const float* x, int64_t columns) {
  Floats most[4] = {all(x[0]), all(x[0]), all(x[0]), all(x[0])};
  int64_t column = 0;
  for (; column + kTogether <= columns; column += kTogether) {
    for (int i = 0; i < 4; ++i) most[i] = larger(load(x + column + i * kLanes), most[i]);
  }
  float result = largest_lane(larger(larger(most[0], most[1]), larger(most[2], most[3])));
  for (; column < columns; ++column) result = x[column] > result ? x[column] : result;
  return result;
}

int64_t first_place_of(float value, const float* x, int64_t columns) {
  int64_t column = 0;
  for (; column + kLanes <= columns; column += kLanes) {
    const Ints equal = load(x + column) == value;
    int32_t any = 0;
    for (int i = 0; i < kLanes; ++i) any |= equal[i];
    if (any) break;
  }
  for (; column < columns; ++column) {
    if (x[column] == value) return column;
  }
  return 0;
}

// Σ e^(x − most); with `keep` the terms are written over x.
template <bool keep>
double sum_exp(float* x, float most, int64_t columns) {
  Floats sums[4] = {};
  int64_t column = 0;
  for (; column + kTogether <= columns; column += kTogether) {
    for (int i = 0; i < 4; ++i) {
      const Floats term = exp(load(x + column + i * kLanes) - most);
      if constexpr (keep) store(x + column + i * kLanes, term);
      sums[i] += term;
    }
  }
  double sum = static_cast<double>(sum_lanes(sums[0] + sums[1])) + sum_lanes(sums[2] + sums[3]);
  for (; column < columns; column += kLanes) {
    const int64_t count = columns - column;
    const Floats term = exp(load_up_to(x + column, count) - most);
    float lanes[kLanes];
    store(lanes, term);
    for (int64_t i = 0; i < count && i < kLanes; ++i) sum += lanes[i];
    if constexpr (keep) store_up_to(x + column, term, count);
  }
  return sum;
}

}  // namespace

void score(const ScoreRows& call) {
  for (int64_t row = 0; row < call.rows; ++row) {
    float* x = call.logits + row * call.columns;
    const int64_t target = call.targets[row];
    const float most = largest(x, call.columns), at_target = x[target];
    call.argmax[row] = first_place_of(most, x, call.columns);
    if (!call.d_log_probs) {
      const double sum = sum_exp<false>(x, most, call.columns);
      call.log_probs[row] = static_cast<float>(static_cast<double>(at_target) - most - log(sum));
      continue;
    }
    const double sum = sum_exp<true>(x, most, call.columns);
    call.log_probs[row] = static_cast<float>(static_cast<double>(at_target) - most - log(sum));
    const float d = call.d_log_probs[row], factor = static_cast<float>(-d / sum);
    for (int64_t column = 0; column < call.columns; column += kLanes) {
      const int64_t count = call.columns - column;
      store_up_to(x + column, load_up_to(x + column, count) * factor, count);
    }
    x[target] += d;
  }
}

}  // namespace w2s::loops::W2S_LOOPS
