// A model's profile, for JavaScript (src/native/binding.ts: NativeProfile).
#pragma once

#include <c10/core/Device.h>
#include <napi.h>

#include "../profile.h"

namespace w2s {

/// On a GPU each part then ends by waiting for it: parts add up, and the whole is slower than without.
void enable_profile(Profile& profile, const c10::Device& device);

/// {parts: {name: seconds}, productFlops}.
Napi::Value profile_to_js(Napi::Env env, Profile profile);

}  // namespace w2s
