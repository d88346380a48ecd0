#include "flat.h"

#include <functional>
#include <numeric>

namespace w2s {
namespace {

enum Place { kMatrices, kVectors, kEmbeddings, kHeads, kPlaces };

Place place(const FlatEntry& entry) {
  if (entry.kind == ParameterKind::kMatrix) return kMatrices;
  if (entry.kind == ParameterKind::kHead) return kHeads;
  return entry.shape.size() == 1 ? kVectors : kEmbeddings;
}

int64_t elements(const std::vector<int64_t>& shape) {
  return std::accumulate(shape.begin(), shape.end(), int64_t{1}, std::multiplies<>());
}

// Places begin at whole cache lines.
int64_t aligned(int64_t elements) { return (elements + 15) / 16 * 16; }

}  // namespace

FlatLayout flat_layout(const std::vector<FlatEntry>& entries) {
  FlatLayout layout;
  layout.offsets.resize(entries.size());
  for (int current = 0; current < kPlaces; ++current) {
    if (current == kEmbeddings) layout.cast_size = layout.size;
    for (size_t i = 0; i < entries.size(); ++i) {
      if (place(entries[i]) != current) continue;
      layout.offsets[i] = layout.size;
      layout.size += elements(entries[i].shape);
    }
    layout.size = aligned(layout.size);
  }
  return layout;
}

at::Tensor flat_view(const at::Tensor& flat, int64_t offset, const std::vector<int64_t>& shape) {
  return flat.narrow(0, offset, elements(shape)).view(shape);
}

}  // namespace w2s
