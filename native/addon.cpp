// Module registration.
#include <napi.h>

#include <ATen/Version.h>

namespace w2s {

Napi::Object Register(Napi::Env env, Napi::Object exports) {
  exports.Set("buildInfo", Napi::Function::New(env, [](const Napi::CallbackInfo& info) {
                Napi::Object result = Napi::Object::New(info.Env());
                result.Set("builtFor", W2S_TORCH_VERSION);
                result.Set("cpuCapability", at::get_cpu_capability());
                result.Set("compiler", __VERSION__);
                return result;
              }));
  return exports;
}

}  // namespace w2s

static Napi::Object Init(Napi::Env env, Napi::Object exports) { return w2s::Register(env, exports); }
NODE_API_MODULE(w2s, Init)
