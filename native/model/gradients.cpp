#include "gradients.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/tensor.h>

#include <algorithm>
#include <stdexcept>

#include "../nn/product.h"

namespace w2s {

Gradients::Gradients(const std::vector<Parameter>& parameters) {
  std::vector<FlatEntry> list;
  for (const Parameter& parameter : parameters)
    list.push_back({parameter.tensor.sizes().vec(), parameter.kind});
  layout_ = flat_layout(list);
  const at::Device device = parameters.empty() ? at::Device(at::kCPU) : parameters.front().tensor.device();
  // Pages of the buffer that are never written never cost memory.
  flat_ = at::empty({layout_.size}, at::TensorOptions().dtype(at::kFloat).device(device));
  entries_.resize(parameters.size());
  for (size_t i = 0; i < parameters.size(); ++i)
    entries_[i].dense = flat_view(flat_, layout_.offsets[i], list[i].shape);
}

Gradients::Target Gradients::target(const std::vector<size_t>& parameters) {
  const auto is_empty = [this](size_t i) { return empty(i); };
  const bool fresh = std::ranges::all_of(parameters, is_empty);
  const Entry& first = entries_[parameters.front()];
  int64_t rows = 0, end = layout_.offsets[parameters.front()];
  for (const size_t i : parameters) {
    if (layout_.offsets[i] != end) throw std::logic_error("parameters of one gradient are not neighbours");
    end += entries_[i].dense.numel();
    rows += entries_[i].dense.size(0);
    if (fresh) {
      entries_[i].state = State::kDense;
    } else {
      accumulator(i);
    }
  }
  if (parameters.size() == 1) return {first.dense, fresh};
  std::vector<int64_t> shape = first.dense.sizes().vec();
  shape[0] = rows;
  return {flat_view(flat_, layout_.offsets[parameters.front()], shape), fresh};
}

at::Tensor Gradients::accumulator(const std::vector<size_t>& parameters) {
  Target into = target(parameters);
  if (into.fresh) into.tensor.zero_();
  return into.tensor;
}

void Gradients::add_product(size_t parameter, const at::Tensor& a, const at::Tensor& b) {
  const Target into = target({parameter});
  product(into.tensor, a, b, /*accumulate=*/!into.fresh);
}

at::Tensor Gradients::accumulator(size_t parameter) {
  Entry& entry = entries_[parameter];
  if (entry.state == State::kDense) return entry.dense;
  const at::NoGradGuard no_grad;
  entry.dense.zero_();
  if (entry.state == State::kRows) {
    const Rows found = rows(parameter);
    entry.dense.index_copy_(0, found.rows_U, found.values_UD);
    forget_rows(entry);
  }
  entry.state = State::kDense;
  return entry.dense;
}

// For each of rows_N the place of its sum in entry.values, which grows as needed.
std::vector<int64_t> Gradients::slots(Entry& entry, const at::Tensor& rows_N) {
  if (entry.slot_of_row.empty()) entry.slot_of_row.assign(entry.dense.size(0), -1);
  const int64_t count = rows_N.size(0);
  const int64_t* rows = rows_N.const_data_ptr<int64_t>();
  std::vector<int64_t> result(count);
  for (int64_t i = 0; i < count; ++i) {
    int32_t& slot = entry.slot_of_row[rows[i]];
    if (slot < 0) {
      slot = static_cast<int32_t>(entry.rows.size());
      entry.rows.push_back(rows[i]);
    }
    result[i] = slot;
  }
  const auto used = static_cast<int64_t>(entry.rows.size());
  if (!entry.values.defined() || entry.values.size(0) < used) {
    at::Tensor larger = at::empty({std::max<int64_t>(used, 2 * count), entry.dense.size(1)}, flat_.options());
    if (entry.values.defined()) larger.narrow(0, 0, entry.values.size(0)).copy_(entry.values);
    entry.values = larger;
  }
  return result;
}

void Gradients::add_rows(size_t parameter, const at::Tensor& rows_N, const at::Tensor& values_ND) {
  if (rows_N.size(0) == 0) return;
  const at::NoGradGuard no_grad;
  Entry& entry = entries_[parameter];
  const at::Tensor values = values_ND.to(at::kFloat).contiguous();
  if (!flat_.device().is_cpu() || entry.state == State::kDense) {
    // Sorts before it adds, so that repeats are summed in one order on every device.
    accumulator(parameter).index_put_({rows_N}, values, /*accumulate=*/true);
    return;
  }
  const auto before = static_cast<int64_t>(entry.rows.size());
  const std::vector<int64_t> slots_N = slots(entry, rows_N);
  entry.state = State::kRows;
  const int64_t columns = values.size(1);
  float* sums = entry.values.mutable_data_ptr<float>();
  const float* source = values.const_data_ptr<float>();
  int64_t next = before;  // slots from here on were not written yet; new ones appear in this order
  for (size_t i = 0; i < slots_N.size(); ++i, source += columns) {
    float* sum = sums + slots_N[i] * columns;
    if (slots_N[i] == next) {
      std::copy_n(source, columns, sum);
      ++next;
      continue;
    }
    for (int64_t column = 0; column < columns; ++column) sum[column] += source[column];
  }
}

Gradients::Rows Gradients::rows(size_t parameter) const {
  const Entry& entry = entries_[parameter];
  return {at::tensor(entry.rows, at::kLong),
          entry.values.narrow(0, 0, static_cast<int64_t>(entry.rows.size()))};
}

void Gradients::forget_rows(Entry& entry) {
  for (const int64_t row : entry.rows) entry.slot_of_row[row] = -1;
  entry.rows.clear();
}

bool Gradients::all_empty() const {
  return std::ranges::all_of(entries_, [](const Entry& entry) { return entry.state == State::kEmpty; });
}

std::vector<bool> Gradients::written() const {
  std::vector<bool> result;
  for (const Entry& entry : entries_) result.push_back(entry.state != State::kEmpty);
  return result;
}

void Gradients::note_written(const std::vector<bool>& written) {
  for (size_t i = 0; i < entries_.size(); ++i) {
    if (written[i] && entries_[i].state == State::kEmpty) entries_[i].state = State::kDense;
  }
}

void Gradients::clear() {
  for (Entry& entry : entries_) {
    forget_rows(entry);
    entry.state = State::kEmpty;
  }
}

}  // namespace w2s
