#include "kv_cache.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include <algorithm>

#include "attention.h"

namespace w2s {
namespace {

// Places beyond the prompt that are taken at first; more come by doubling.
constexpr int64_t kFirstPlaces = 32;

}  // namespace

KvCache::KvCache(int64_t layers, const PackedBatch& prompts, const std::vector<int64_t>& sources_R,
                 int64_t most)
    : layers_(layers), sources_R_(sources_R), device_(prompts.tokens_N.device()), most_(most) {
  std::vector<int64_t> prompt_lengths;
  for (const LengthGroup& group : prompts.groups) {
    prompt_lengths.insert(prompt_lengths.end(), group.count, group.length);
  }
  for (const int64_t source : sources_R_) lengths_R_.push_back(prompt_lengths[source]);
  capacity_ = std::min(most, *std::ranges::max_element(lengths_R_) + kFirstPlaces);
}

void KvCache::fill(int64_t layer, const at::Tensor& k_NGE, const at::Tensor& v_NGE,
                   const PackedBatch& prompts) {
  store(layers_[layer].k_RCGE, k_NGE, prompts);
  store(layers_[layer].v_RCGE, v_NGE, prompts);
}

void KvCache::store(at::Tensor& to_RCGE, const at::Tensor& x_NGE, const PackedBatch& prompts) const {
  // Zeros, since what is masked still enters a product: garbage there could be a NaN.
  to_RCGE = at::zeros({rows(), capacity_, x_NGE.size(1), x_NGE.size(2)}, x_NGE.options());
  int64_t row = 0, first_source = 0;
  for (const LengthGroup& group : prompts.groups) {
    std::vector<int64_t> sources;  // within the group, for the rows that continue it
    const int64_t first = row;
    for (; row < rows() && sources_R_[row] < first_source + group.count; ++row) {
      sources.push_back(sources_R_[row] - first_source);
    }
    const at::Tensor of_group = x_NGE.narrow(0, group.first_row, group.count * group.length)
                                    .unflatten(0, {group.count, group.length});
    to_RCGE.narrow(0, first, row - first)
        .narrow(1, 0, group.length)
        .copy_(row - first == group.count ? of_group
                                          : of_group.index_select(0, at::tensor(sources).to(device_)));
    first_source += group.count;
  }
}

at::Tensor KvCache::next_positions() {
  const at::Tensor positions_R = at::tensor(lengths_R_).to(device_);
  make_room(*std::ranges::max_element(lengths_R_) + 1);
  for (int64_t& length : lengths_R_) ++length;
  lengths_on_device_R_ = positions_R + 1;
  places_R_ =
      at::arange(rows(), at::TensorOptions().dtype(at::kLong).device(device_)) * capacity_ + positions_R;
  views_.clear();
  return positions_R;
}

void KvCache::make_room(int64_t places) {
  if (places <= capacity_) return;
  const int64_t capacity = std::min(most_, std::max(places, 2 * capacity_));
  for (Layer& layer : layers_) {
    for (at::Tensor* held : {&layer.k_RCGE, &layer.v_RCGE}) {
      const at::Tensor larger = at::zeros({rows(), capacity, held->size(2), held->size(3)}, held->options());
      larger.narrow(1, 0, capacity_).copy_(held->narrow(0, 0, rows()));
      *held = larger;
    }
  }
  capacity_ = capacity;
}

const KvCache::View& KvCache::view(int64_t window) {
  for (const View& known : views_) {
    if (known.window == window) return known;
  }
  const auto [shortest, longest] = std::ranges::minmax(lengths_R_);
  View view{window, window > 0 ? std::max<int64_t>(0, shortest - window) : 0, 0, std::nullopt};
  view.count = longest - view.first;
  if (shortest != longest) {
    const at::Tensor place_1L =
        at::arange(view.first, longest, at::TensorOptions().dtype(at::kLong).device(device_)).unsqueeze(0);
    const at::Tensor length_R1 = lengths_on_device_R_.unsqueeze(1);
    at::Tensor mask_RL = place_1L.lt(length_R1);
    if (window > 0) mask_RL = mask_RL.logical_and(place_1L.ge(length_R1 - window));
    view.mask_RL = mask_RL;
  }
  views_.push_back(std::move(view));
  return views_.back();
}

at::Tensor KvCache::attend(int64_t layer, const at::Tensor& q_RHE, const at::Tensor& k_RGE,
                           const at::Tensor& v_RGE, int64_t window, double scale) {
  Layer& held = layers_[layer];
  held.k_RCGE.flatten(0, 1).index_copy_(0, places_R_, k_RGE);
  held.v_RCGE.flatten(0, 1).index_copy_(0, places_R_, v_RGE);
  const View& seen = view(window);
  const auto read = [&](const at::Tensor& x_RCGE) {
    return x_RCGE.narrow(0, 0, rows()).narrow(1, seen.first, seen.count);
  };
  return cached_attention(q_RHE, read(held.k_RCGE), read(held.v_RCGE), seen.mask_RL, scale);
}

void KvCache::keep(const std::vector<int64_t>& from) {
  std::vector<int64_t> to_places, from_places, lengths;
  for (size_t row = 0; row < from.size(); ++row) {
    lengths.push_back(lengths_R_[from[row]]);
    if (from[row] == static_cast<int64_t>(row)) continue;
    to_places.push_back(static_cast<int64_t>(row));
    from_places.push_back(from[row]);
  }
  lengths_R_ = std::move(lengths);
  if (to_places.empty()) return;
  const at::Tensor to = at::tensor(to_places).to(device_);
  const at::Tensor moved = at::tensor(from_places).to(device_);
  for (Layer& layer : layers_) {
    for (at::Tensor* held : {&layer.k_RCGE, &layer.v_RCGE})
      held->index_copy_(0, to, held->index_select(0, moved));
  }
}

}  // namespace w2s
