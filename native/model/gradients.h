// Gradients of a model's parameters between two optimizer steps: views of one flat float32 buffer that is never
// zeroed as a whole. The first write of a step overwrites, later ones add. Embeddings hold only the rows that a
// batch touched, on the CPU, until somebody asks for all of them.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "flat.h"
#include "parameters.h"

namespace w2s {

class Gradients {
 public:
  /// Indices below are places in this list.
  explicit Gradients(const std::vector<Parameter>& parameters);

  /// Where a dense gradient is written by hand. `fresh`: nothing was written in this step, overwrite all of it;
  /// else add.
  struct Target {
    at::Tensor tensor;
    bool fresh = true;
  };
  /// Of several neighbouring parameters (FlatLayout) with as many columns: their rows one below the other.
  Target target(const std::vector<size_t>& parameters);
  /// Adds a · b.
  void add_product(size_t parameter, const at::Tensor& a, const at::Tensor& b);
  /// To be added to: zeros where nothing was written yet. Rows become dense.
  at::Tensor accumulator(size_t parameter);
  /// The same of neighbouring parameters, as in `target`.
  at::Tensor accumulator(const std::vector<size_t>& parameters);
  /// Adds values [N, D] to rows [N] (int64, repeats allowed) of a parameter [V, D].
  void add_rows(size_t parameter, const at::Tensor& rows_N, const at::Tensor& values_ND);

  /// Whether nothing was written: the gradient is zero.
  bool empty(size_t parameter) const { return entries_[parameter].state == State::kEmpty; }
  /// Whether nothing was written at all.
  bool all_empty() const;
  /// Of each parameter whether anything was written.
  std::vector<bool> written() const;
  /// Work that the host did not see (recorded_work.h) has written the whole gradients of these.
  void note_written(const std::vector<bool>& written);
  /// Whether only rows were written.
  bool is_rows(size_t parameter) const { return entries_[parameter].state == State::kRows; }
  struct Rows {
    at::Tensor rows_U;     // int64, each once, in order of first appearance
    at::Tensor values_UD;  // float32
  };
  /// Of a parameter that `is_rows`; refers to memory that the next write changes.
  Rows rows(size_t parameter) const;
  /// The whole gradient: an accumulator by another name, for readers.
  at::Tensor dense(size_t parameter) { return accumulator(parameter); }

  size_t count() const { return entries_.size(); }
  /// Forgets everything without touching the buffer.
  void clear();

 private:
  enum class State { kEmpty, kDense, kRows };
  struct Entry {
    at::Tensor dense;
    State state = State::kEmpty;
    std::vector<int64_t> rows;         // each once
    std::vector<int32_t> slot_of_row;  // −1: none; made when rows are first added
    at::Tensor values;                 // [capacity, D]; the first rows.size() are in use
  };

  std::vector<int64_t> slots(Entry& entry, const at::Tensor& rows_N);
  void forget_rows(Entry& entry);

  at::Tensor flat_;
  FlatLayout layout_;
  std::vector<Entry> entries_;
};

}  // namespace w2s
