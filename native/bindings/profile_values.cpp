#include "profile_values.h"

#include <c10/core/impl/VirtualGuardImpl.h>

#include <array>
#include <utility>

namespace w2s {
namespace {

constexpr std::array<std::pair<Part, const char*>, static_cast<std::size_t>(Part::kCount)> kNames{{
    {Part::kProducts, "products"},
    {Part::kAttention, "attention"},
    {Part::kNorms, "norms"},
    {Part::kActivation, "activation"},
    {Part::kRotary, "rotary"},
    {Part::kEmbedding, "embedding"},
    {Part::kLoss, "loss"},
    {Part::kAssembly, "assembly"},
    {Part::kClip, "clip"},
    {Part::kOptimizer, "optimizer"},
}};

}  // namespace

void enable_profile(Profile& profile, const c10::Device& device) {
  if (device.is_cpu()) return profile.enable({});
  profile.enable([device] {
    const c10::impl::VirtualGuardImpl guard(device.type());
    guard.synchronizeDevice(device.index());
  });
}

Napi::Value profile_to_js(Napi::Env env, Profile profile) {
  Napi::Object parts = Napi::Object::New(env);
  for (const auto& [part, name] : kNames) parts[name] = Napi::Number::New(env, profile.seconds(part));
  Napi::Object result = Napi::Object::New(env);
  result["parts"] = parts;
  result["productFlops"] = Napi::Number::New(env, static_cast<double>(profile.product_flops()));
  return result;
}

}  // namespace w2s
