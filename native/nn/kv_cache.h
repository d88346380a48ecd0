// Keys and values of sequences that grow by one token at a time. Rows have lengths of their own: each holds
// its tokens in places 0 … length − 1, and the places behind are zero or masked.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "packed.h"

namespace w2s {

class KvCache {
 public:
  /// Row r continues sequence `sources_R[r]` of `prompts`, so rows of one source lie side by side. No row will
  /// hold more than `most` tokens; memory is taken as they grow.
  KvCache(int64_t layers, const PackedBatch& prompts, const std::vector<int64_t>& sources_R, int64_t most);

  /// Takes a layer's keys and values of the packed prompts, [N, G, E].
  void fill(int64_t layer, const at::Tensor& k_NGE, const at::Tensor& v_NGE, const PackedBatch& prompts);

  /// Makes room for one more token in every row, and gives its position in each, int64 [R]. Then comes
  /// `attend` for every layer.
  at::Tensor next_positions();
  /// Adds the new token's key and value to each row and reads the row: [R, H·E]. `window` as in
  /// `causal_attention`.
  at::Tensor attend(int64_t layer, const at::Tensor& q_RHE, const at::Tensor& k_RGE, const at::Tensor& v_RGE,
                    int64_t window, double scale);

  /// Row i becomes what row `from[i]` is now; rows beyond are given up. A row may only move to a place that
  /// nobody keeps.
  void keep(const std::vector<int64_t>& from);

  int64_t rows() const { return static_cast<int64_t>(lengths_R_.size()); }

 private:
  struct Layer {
    at::Tensor k_RCGE, v_RCGE;
  };
  /// The places that a window lets the new tokens see.
  struct View {
    int64_t window = 0, first = 0, count = 0;
    std::optional<at::Tensor> mask_RL;
  };

  void store(at::Tensor& to_RCGE, const at::Tensor& x_NGE, const PackedBatch& prompts) const;
  void make_room(int64_t places);
  const View& view(int64_t window);

  std::vector<Layer> layers_;
  std::vector<int64_t> sources_R_;
  std::vector<int64_t> lengths_R_;
  at::Device device_;
  int64_t capacity_ = 0;
  int64_t most_ = 0;
  // Of the step that `next_positions` began.
  at::Tensor lengths_on_device_R_;
  at::Tensor places_R_;  // of the new tokens, as rows of [R·C, G, E]
  std::vector<View> views_;
};

}  // namespace w2s
