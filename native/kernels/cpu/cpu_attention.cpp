// Attention on the CPU, shared out among threads by tree and key-value head: such a task shares no output with any
// other, so it does not matter who takes which.
#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>

#include <atomic>
#include <vector>

#include "cpu_kernels.h"
#include "memory.h"

namespace w2s {
namespace {

struct Tree {
  int64_t first_branch = 0, end_branch = 0;
  int64_t first_row = 0, rows = 0;
  int64_t most_keys = 0;
};

std::vector<Tree> trees_of(const AttentionLayout& layout) {
  std::vector<Tree> trees;
  const auto branches = static_cast<int64_t>(layout.branches.size());
  for (int64_t index = 0; index < branches; ++index) {
    const Branch& branch = layout.branches[index];
    if (trees.empty() || branch.tree != layout.branches[index - 1].tree)
      trees.push_back({index, index, branch.own.first_row, 0, 0});
    Tree& tree = trees.back();
    TORCH_CHECK(branch.own.first_row == tree.first_row + tree.rows, "Expected the rows of a tree in order.");
    tree.end_branch = index + 1;
    tree.rows += branch.own.count;
    tree.most_keys = std::max(tree.most_keys, branch.prefix + branch.own.count);
  }
  return trees;
}

template <class T, class Pointer>
loops::Heads<Pointer> heads_of(const at::Tensor& x_NHE) {
  TORCH_CHECK(x_NHE.stride(2) == 1 || x_NHE.size(2) == 1, "Expected heads with a contiguous last dimension.");
  if constexpr (std::is_const_v<Pointer>) {
    return {cpu::read<T>(x_NHE), x_NHE.stride(0), x_NHE.stride(1)};
  } else {
    return {cpu::write<T>(x_NHE), x_NHE.stride(0), x_NHE.stride(1)};
  }
}

// What all tasks of a call have in common.
template <class T>
loops::AttentionTask<T> common_task(const AttentionCall& call, const at::Tensor& q_QHE,
                                    const at::Tensor& k_NGE, const at::Tensor& v_NGE,
                                    const at::Tensor& log_sum_exp) {
  loops::AttentionTask<T> task{};
  task.q = heads_of<T, const T>(q_QHE);
  task.k = heads_of<T, const T>(k_NGE);
  task.v = heads_of<T, const T>(v_NGE);
  task.log_sum_exp = cpu::write<float>(log_sum_exp);
  task.runs = call.layout.runs.data();
  task.run_offsets = call.layout.run_offsets.data();
  task.query_offsets = call.layout.query_offsets.data();
  task.query_places = call.layout.query_places.data();
  task.queries = call.layout.queries();
  task.query_heads = q_QHE.size(1) / k_NGE.size(1);
  task.head_dim = q_QHE.size(2);
  task.window = call.window;
  task.scale = static_cast<float>(call.scale);
  return task;
}

// Largest trees first: the last tasks, for which other threads wait, are then short.
std::vector<Tree> by_size(std::vector<Tree> trees) {
  std::ranges::stable_sort(trees, std::greater<>(), &Tree::rows);
  return trees;
}

template <class T>
void run_tasks(const loops::AttentionTask<T>& common, const std::vector<Tree>& trees, int64_t kv_heads,
               bool backward) {
  loops::AttentionSizes sizes{0, 0, common.head_dim, backward};
  for (const Tree& tree : trees) {
    sizes.rows = std::max(sizes.rows, tree.rows);
    sizes.most_keys = std::max(sizes.most_keys, tree.most_keys);
  }
  const auto tasks = static_cast<int64_t>(trees.size()) * kv_heads;
  const int64_t threads = std::min<int64_t>(tasks, at::get_num_threads());
  const int64_t floats = cpu::tables().attention_scratch(sizes);
  const at::Tensor scratch = at::empty({threads, floats}, at::kFloat);
  std::atomic<int64_t> next{0};
  at::parallel_for(0, threads, 1, [&](int64_t begin, int64_t end) {
    for (int64_t thread = begin; thread < end; ++thread) {
      loops::AttentionTask<T> task = common;
      task.scratch = cpu::write<float>(scratch) + thread * floats;
      for (int64_t index = next++; index < tasks; index = next++) {
        const Tree& tree = trees[index / kv_heads];
        task.first_branch = tree.first_branch;
        task.end_branch = tree.end_branch;
        task.first_row = tree.first_row;
        task.rows = tree.rows;
        task.most_keys = tree.most_keys;
        task.kv_head = index % kv_heads;
        if (backward) {
          cpu::table<T>().attention_backward(task);
        } else {
          cpu::table<T>().attention(task);
        }
      }
    }
  });
}

// Rows of no branch, such as those that fill up a batch.
void clear_other_rows(const std::vector<Tree>& trees, at::Tensor& d_NGE) {
  int64_t next = 0;
  for (const Tree& tree : trees) {
    if (tree.first_row > next) d_NGE.narrow(0, next, tree.first_row - next).zero_();
    next = tree.first_row + tree.rows;
  }
  if (next < d_NGE.size(0)) d_NGE.narrow(0, next, d_NGE.size(0) - next).zero_();
}

}  // namespace

Attended CpuKernels::attention(const AttentionCall& call, const at::Tensor& q_QHE, const at::Tensor& k_NGE,
                               const at::Tensor& v_NGE) const {
  const at::NoGradGuard no_grad;
  const int64_t queries = q_QHE.size(0), heads = q_QHE.size(1), head_dim = q_QHE.size(2);
  Attended attended{empty({queries, heads * head_dim}, q_QHE.options()),
                    at::empty({heads, queries}, q_QHE.options().dtype(at::kFloat)),
                    {}};
  cpu::by_dtype(q_QHE, [&]<class T>(T) {
    auto task = common_task<T>(call, q_QHE, k_NGE, v_NGE, attended.log_sum_exp);
    task.out = heads_of<T, T>(attended.out_QD.view({queries, heads, head_dim}));
    run_tasks(task, by_size(trees_of(call.layout)), k_NGE.size(1), /*backward=*/false);
  });
  return attended;
}

void CpuKernels::attention_backward(const AttentionCall& call, const at::Tensor& q_QHE,
                                    const at::Tensor& k_NGE, const at::Tensor& v_NGE,
                                    const Attended& attended, const at::Tensor& d_out_QD, at::Tensor d_q_QHE,
                                    at::Tensor d_k_NGE, at::Tensor d_v_NGE) const {
  const at::NoGradGuard no_grad;
  const std::vector<Tree> trees = trees_of(call.layout);
  cpu::by_dtype(q_QHE, [&]<class T>(T) {
    auto task = common_task<T>(call, q_QHE, k_NGE, v_NGE, attended.log_sum_exp);
    task.d_out = heads_of<T, const T>(d_out_QD.view(q_QHE.sizes()));
    task.d_q = heads_of<T, T>(d_q_QHE);
    task.d_k = heads_of<T, T>(d_k_NGE);
    task.d_v = heads_of<T, T>(d_v_NGE);
    run_tasks(task, by_size(trees), k_NGE.size(1), /*backward=*/true);
  });
  clear_other_rows(trees, d_k_NGE);
  clear_other_rows(trees, d_v_NGE);
}

}  // namespace w2s
