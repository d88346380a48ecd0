// Where the time of a step goes. Off unless somebody asks: a scope then costs one branch.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>

namespace w2s {

enum class Part {
  kProducts,  // matrix products of the blocks, with the read-out's
  kAttention,
  kNorms,  // with residual sums and their biases
  kActivation,
  kRotary,
  kEmbedding,
  kLoss,       // read-out and loss, without products
  kAssembly,   // micro-batches laid out and sent to the device
  kClip,       // gradient norm
  kOptimizer,  // update, and weights cast for the next step
  kCount,
};

/// Of one model: seconds by part, and floating-point operations of the products. Parts do not nest.
class Profile {
 public:
  /// `wait` is called at the end of each scope, so that a device's time counts where it was spent; may be empty.
  void enable(std::function<void()> wait) {
    enabled_ = true;
    wait_ = std::move(wait);
  }
  bool enabled() const { return enabled_; }
  void reset() {
    nanoseconds_.fill(0);
    product_flops_ = 0;
  }
  double seconds(Part part) const { return 1e-9 * static_cast<double>(nanoseconds_[index(part)]); }
  std::int64_t product_flops() const { return product_flops_; }
  void count_flops(std::int64_t flops) {
    if (enabled_) product_flops_ += flops;
  }

  class Scope {
   public:
    Scope(Profile* profile, Part part)
        : profile_(profile && profile->enabled_ ? profile : nullptr), part_(part) {
      if (profile_) start_ = std::chrono::steady_clock::now();
    }
    ~Scope() {
      if (!profile_) return;
      if (profile_->wait_) profile_->wait_();
      const auto elapsed = std::chrono::steady_clock::now() - start_;
      profile_->nanoseconds_[index(part_)] +=
          std::chrono::duration_cast<std::chrono::nanoseconds>(elapsed).count();
    }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    Profile* profile_;
    Part part_;
    std::chrono::steady_clock::time_point start_;
  };

 private:
  static constexpr std::size_t index(Part part) { return static_cast<std::size_t>(part); }

  bool enabled_ = false;
  std::function<void()> wait_;
  std::array<std::int64_t, static_cast<std::size_t>(Part::kCount)> nanoseconds_{};
  std::int64_t product_flops_ = 0;
};

}  // namespace w2s
