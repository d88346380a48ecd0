#include "table.h"

namespace w2s::loops::W2S_LOOPS {
namespace {

template <class T>
constexpr Table<T> table_of() {
  return {activation<T>,        activation_backward<T>, gated<T>,           gated_backward<T>, norm<T>,
          norm_backward<T>,     add_residual<T>,        add_column_sums<T>, rotate<T>,         attention<T>,
          attention_backward<T>};
}

constexpr Tables kTables = {table_of<float>(), table_of<Bfloat16>(), score, attention_scratch};

}  // namespace

const Tables& tables() { return kTables; }

}  // namespace w2s::loops::W2S_LOOPS
