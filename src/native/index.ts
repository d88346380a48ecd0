/** Typed access to the addon; see `binding.ts` for what it offers. */
export type * from './binding.js';
export { bindingShape } from './binding.js';
export { type ResolvedDevice, resolveDevice } from './device.js';
export { loadBinding } from './load.js';
export type { NativeProfile, ProfilePart } from './measuring.js';
export { withSignal } from './signal.js';
export { defaultThreads } from './threads.js';
