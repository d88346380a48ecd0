#include "micro_batches.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <numeric>
#include <set>
#include <utility>

#include "prefix_order.h"

namespace w2s {
namespace {

void sort_by_length(std::vector<int64_t>& indices, const std::function<int64_t(int64_t)>& length) {
  std::ranges::stable_sort(indices, std::greater<>(), length);
}

// Fills one micro-batch after the other.
class Cutter {
 public:
  Cutter(int64_t token_budget, int64_t group) : token_budget_(token_budget), group_(group) {}

  bool has_room(int64_t tokens) const { return !micro_batches_.empty() && tokens <= room_; }
  void begin() {
    micro_batches_.emplace_back();
    room_ = token_budget_;
  }
  void add(int64_t example, int64_t tokens) {
    for (int64_t member = 0; member < group_; ++member)
      micro_batches_.back().push_back(example * group_ + member);
    room_ -= tokens;
  }
  std::vector<std::vector<int64_t>> finish(const Sequences& sequences) && {
    if (group_ > 1) {
      for (auto& indices : micro_batches_)
        sort_by_length(indices, [&](int64_t sequence) { return sequences.length(sequence); });
    }
    return std::move(micro_batches_);
  }

 private:
  int64_t token_budget_, group_;
  std::vector<std::vector<int64_t>> micro_batches_;
  int64_t room_ = 0;
};

int64_t example_length(const Sequences& sequences, int64_t example, int64_t group) {
  return static_cast<int64_t>(sequences.offsets_B1[(example + 1) * group]) -
         sequences.offsets_B1[example * group];
}

// Examples that are tied together by beginnings, in lexicographic order of their first sequences.
struct Family {
  std::vector<int64_t> examples;
  int64_t rows = 0;  // computed when all are in one micro-batch
  int64_t longest_example = 0;
};

class Families {
 public:
  Families(const Sequences& sequences, const PrefixOrder& order, int64_t group)
      : parents_(order.sequences.size() / group) {
    std::iota(parents_.begin(), parents_.end(), 0);
    for (size_t i = 1; i < order.sequences.size(); ++i) {
      if (order.shared[i] > 0) join(order.sequences[i - 1] / group, order.sequences[i] / group);
    }
    std::vector<int64_t> place(parents_.size(), -1);
    std::vector<bool> taken(parents_.size(), false);
    for (size_t i = 0; i < order.sequences.size(); ++i) {
      const int64_t example = order.sequences[i] / group, root = find(example);
      if (place[root] < 0) {
        place[root] = static_cast<int64_t>(list.size());
        list.emplace_back();
      }
      Family& family = list[place[root]];
      family.rows += sequences.length(order.sequences[i]) - order.shared[i];
      if (taken[example]) continue;
      taken[example] = true;
      family.examples.push_back(example);
      family.longest_example = std::max(family.longest_example, example_length(sequences, example, group));
    }
    // Of equally long ones the caller's order, as without sharing.
    std::ranges::sort(list, [](const Family& a, const Family& b) {
      if (a.longest_example != b.longest_example) return a.longest_example > b.longest_example;
      return std::ranges::min(a.examples) < std::ranges::min(b.examples);
    });
  }

  std::vector<Family> list;

 private:
  int64_t find(int64_t example) {
    while (parents_[example] != example) {
      parents_[example] = parents_[parents_[example]];
      example = parents_[example];
    }
    return example;
  }
  void join(int64_t a, int64_t b) { parents_[find(b)] = find(a); }

  std::vector<int64_t> parents_;
};

// Rows that one more sequence adds to those of a micro-batch, exactly as `pack` will have them.
class RowCounter {
 public:
  RowCounter(const Sequences& sequences, const PrefixOrder& order)
      : sequences_(sequences), order_(order), ranks_(order.sequences.size()) {
    for (size_t rank = 0; rank < order.sequences.size(); ++rank)
      ranks_[order.sequences[rank]] = static_cast<int64_t>(rank);
  }

  void clear() { inside_.clear(); }
  int64_t add(int64_t sequence) {
    const auto here = inside_.insert(ranks_[sequence]).first;
    const auto next = std::next(here);
    int64_t rows = sequences_.length(sequence) - shared(before(here), sequence);
    if (next != inside_.end()) {
      const int64_t follower = order_.sequences[*next];
      rows += shared(before(here), follower) - shared(sequence, follower);
    }
    return rows;
  }

 private:
  int64_t before(std::set<int64_t>::iterator place) const {
    return place == inside_.begin() ? -1 : order_.sequences[*std::prev(place)];
  }
  int64_t shared(int64_t earlier, int64_t later) const {
    return earlier < 0 ? 0 : shared_tokens(sequences_, earlier, later);
  }

  const Sequences& sequences_;
  const PrefixOrder& order_;
  std::vector<int64_t> ranks_;
  std::set<int64_t> inside_;
};

void cut_family(const Family& family, int64_t group, RowCounter& counter, Cutter& cutter) {
  const auto add_rows = [&](int64_t example) {
    int64_t rows = 0;
    for (int64_t member = 0; member < group; ++member) rows += counter.add(example * group + member);
    return rows;
  };
  counter.clear();
  for (const int64_t example : family.examples) {
    int64_t rows = add_rows(example);
    if (!cutter.has_room(rows)) {
      counter.clear();
      rows = add_rows(example);
      cutter.begin();
    }
    cutter.add(example, rows);
  }
}

std::vector<std::vector<int64_t>> plan_families(const Sequences& sequences, const PrefixOrder& order,
                                                int64_t token_budget, int64_t group) {
  Cutter cutter(token_budget, group);
  RowCounter counter(sequences, order);
  for (const Family& family : Families(sequences, order, group).list) {
    if (family.rows > token_budget) {
      cut_family(family, group, counter, cutter);
      continue;
    }
    if (!cutter.has_room(family.rows)) cutter.begin();
    // Its rows are counted once, with its first example.
    int64_t rows = family.rows;
    for (const int64_t example : family.examples) cutter.add(example, std::exchange(rows, 0));
  }
  return std::move(cutter).finish(sequences);
}

}  // namespace

std::vector<std::vector<int64_t>> plan_micro_batches(const Sequences& sequences, int64_t token_budget,
                                                     int64_t group, bool share_prefixes) {
  std::vector<int64_t> examples(sequences.count() / group);
  std::iota(examples.begin(), examples.end(), 0);
  if (share_prefixes) {
    std::vector<int64_t> all(examples.size() * group);
    std::iota(all.begin(), all.end(), 0);
    const PrefixOrder order = prefix_order(sequences, std::move(all));
    if (std::ranges::any_of(order.shared, [](int64_t shared) { return shared > 0; }))
      return plan_families(sequences, order, token_budget, group);
  }
  const auto length = [&](int64_t example) { return example_length(sequences, example, group); };
  sort_by_length(examples, length);
  Cutter cutter(token_budget, group);
  for (const int64_t example : examples) {
    if (!cutter.has_room(length(example))) cutter.begin();
    cutter.add(example, length(example));
  }
  return std::move(cutter).finish(sequences);
}

}  // namespace w2s
