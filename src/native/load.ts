/** Loading the addon into this process: set-up on first need, then once per environment. */
import { join } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { W2sError } from '../errors.js';
import type { NativeBinding } from './binding.js';
import { convertErrors } from './convert.js';
import { type Installation, setUp } from './setup.js';

/** What was loaded, and the addon's exports as they are. */
export interface Loaded extends Installation {
  raw: NativeBinding;
  binding: NativeBinding;
}

let loading: Promise<Loaded> | undefined;

/**
 * The addon, ready for use. The first call may find or fetch libtorch and build the addon, and says so on
 * stderr; later calls give the same binding.
 */
export async function loadBinding(): Promise<NativeBinding> {
  return (await loadAddon()).binding;
}

/** Like `loadBinding`, and tells what was loaded. */
export function loadAddon(): Promise<Loaded> {
  loading ??= load().catch((error) => {
    loading = undefined;
    throw error;
  });
  return loading;
}

async function load(): Promise<Loaded> {
  const log = (line: string) => process.stderr.write(`w2s-native: ${line}\n`);
  const installation = await setUp({ log });
  yieldWhileWaiting();
  const raw = open(installation.addon.file);
  const { builtFor } = raw.buildInfo();
  if (builtFor !== installation.libtorch.version) {
    throw new W2sError(
      'ERR_LIBTORCH',
      `Expected an addon for libtorch ${installation.libtorch.version} but received one for ${builtFor}.`,
      { hint: `rm -r ${installation.addon.folder}; npx w2s-native setup` },
    );
  }
  stopAtExit(raw);
  return { ...installation, raw, binding: convertErrors(raw) };
}

/** Turns of GNU's OpenMP, some 15 microseconds: what lies between two loops of a pass, less than waking a thread takes. */
const SPINS = '1000';

/**
 * OpenMP reads this when it is loaded. Its threads spin for milliseconds while they wait for one another, which on
 * cores that other processes use too stops the thread that they wait for: training took ten times as long. Not
 * spinning at all costs some 10 % of a short step on cores that nobody else uses (docs/log.md).
 */
function yieldWhileWaiting(): void {
  if (!isMainThread || process.env.OMP_WAIT_POLICY !== undefined) return;
  process.env.OMP_WAIT_POLICY = 'passive';
  process.env.GOMP_SPINCOUNT ??= SPINS;
}

function open(file: string): NativeBinding {
  const module = { exports: {} };
  try {
    process.dlopen(module, file);
  } catch (error) {
    throw new W2sError('ERR_LIBTORCH', `Expected ${file} to load but ${(error as Error).message}.`, {
      hint: 'npx w2s-native doctor',
      cause: error,
    });
  }
  return module.exports as NativeBinding;
}

/**
 * On the main thread Node runs no cleanup hooks at exit, and libtorch's static destructors would run under
 * a live job thread: this listener stops and joins it. Workers are served by the addon's own hook.
 */
function stopAtExit(binding: NativeBinding): void {
  if (isMainThread) process.on('exit', () => binding.shutdown());
}

/** The CUDA library that belongs to an addon, whether it was built or not. */
export function cudaLibrary(installation: Installation): string {
  return join(installation.addon.folder, 'w2s_cuda.so');
}
