/** What `doctor` shows: the state of this machine, without building or downloading anything. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { userCacheFolder } from '../config/userCache.js';
import { isW2sError, W2sError } from '../errors.js';
import { findAddon } from './addon.js';
import { type Bf16Support, bf16Support } from './bf16.js';
import type { CudaDevice } from './binding.js';
import { resolveDevice } from './device.js';
import { discoverLibtorch, type Libtorch, type Unusable } from './libtorch.js';
import { freeBytes, packageRoot } from './paths.js';
import { requirePip } from './pip.js';
import { which } from './process.js';
import { defaultThreads } from './threads.js';
import { findToolchain, requireToolchain } from './toolchain.js';
import { verdictOn } from './verdict.js';

export interface Diagnosis {
  schema: 'w2s-native/doctor@1';
  version: string;
  node: string;
  platform: string;
  threads: number;
  /** Whether the CPU is faster in bfloat16; `--dtype` is f32 unless it is named. */
  bf16: Bf16Support;
  tools: Record<string, string | null>;
  cache: { folder: string; freeBytes: number };
  libtorch: { found: Libtorch[]; passedOver: Unusable[] };
  /** null: set-up has not built one for the libtorch that would be used. */
  addon: {
    file: string;
    builtFor: string;
    cuda: boolean;
    works: boolean;
    why: string;
    /** What runs large float32 products on this CPU; absent where the addon does not work. */
    float32Products?: string;
  } | null;
  device: {
    asked: string;
    usable: boolean;
    /** `cpu` or `cuda:<index>`; null when the asked one cannot be used. */
    resolved: string | null;
    why: string;
    hint?: string;
    devices?: CudaDevice[];
  };
}

/** Look at everything; `device` is what the user would ask for. Rejects only for an impossible device name. */
export async function diagnose(device: string): Promise<Diagnosis> {
  const packageFile = readFileSync(join(packageRoot, 'package.json'), 'utf8');
  const { cmake, compiler, builder, nvcc } = findToolchain();
  const tools = {
    cmake,
    compiler,
    builder,
    nvcc,
    python3: which(['python3']),
    'nvidia-smi': which(['nvidia-smi']),
  };
  const cache = userCacheFolder();
  const libtorch = await discover();
  const addon = await addonState(libtorch.found[0]);
  return {
    schema: 'w2s-native/doctor@1',
    version: (JSON.parse(packageFile) as { version: string }).version,
    node: process.versions.node,
    platform: `${process.platform}-${process.arch}`,
    threads: defaultThreads(),
    bf16: bf16Support(),
    tools: Object.fromEntries(Object.entries(tools).map(([name, path]) => [name, path ?? null])),
    cache: { folder: cache, freeBytes: await freeBytes(cache) },
    libtorch,
    addon,
    device: await deviceState(device, libtorch.found[0], addon),
  };
}

async function discover(): Promise<Diagnosis['libtorch']> {
  try {
    return await discoverLibtorch();
  } catch (error) {
    return { found: [], passedOver: [{ from: 'W2S_LIBTORCH', why: (error as Error).message }] };
  }
}

async function addonState(libtorch: Libtorch | undefined): Promise<Diagnosis['addon']> {
  const addon = libtorch && (await findAddon(libtorch));
  if (!addon) return null;
  const { works, why, info } = await verdictOn(addon, libtorch);
  const { file, builtFor, cuda } = addon;
  return { file, builtFor, cuda, works, why, ...(info && { float32Products: info.float32Products }) };
}

async function deviceState(
  asked: string,
  libtorch: Libtorch | undefined,
  addon: Diagnosis['addon'],
): Promise<Diagnosis['device']> {
  try {
    if (addon?.works === false) throw new W2sError('ERR_DEVICE', addon.why, { hint: 'npx w2s-native setup' });
    if (addon === null) return await beforeSetup(asked, libtorch);
    const { device, why } = await resolveDevice(asked);
    return { asked, usable: true, resolved: device, why };
  } catch (error) {
    if (!isW2sError(error) || error.code === 'ERR_CONFIG') throw error;
    return {
      asked,
      usable: false,
      resolved: null,
      why: error.message.replace(/\.$/, ''),
      ...(error.hint && { hint: error.hint }),
    };
  }
}

/** Nothing is built yet: could set-up do it? */
async function beforeSetup(asked: string, libtorch: Libtorch | undefined): Promise<Diagnosis['device']> {
  await requireToolchain();
  if (!libtorch) await requirePip();
  if (asked === 'cpu' || asked === 'auto') {
    return { asked, usable: true, resolved: 'cpu', why: 'set-up will build the addon on first need' };
  }
  throw new W2sError('ERR_DEVICE', 'The addon is not built yet', {
    hint: 'npx w2s-native setup --device cuda',
  });
}
