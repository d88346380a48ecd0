/** Builds what steps are given. The addon is loaded when the first step asks for it, and not before. */

import type { FileLocations } from '../data/types.js';
import type { Engine, StepContext } from '../steps/context.js';
import { openStore } from '../store/index.js';
import type { RunOptions } from './events.js';

/** What a configuration says about this machine. */
export interface MachineConfig {
  out: string;
  device: string;
  threads: number | null;
  microBatchTokens: number | 'auto';
  sharePrefixes?: false;
  cudaGraphs?: true;
  checkpointEvery?: number;
}

export interface Found {
  locations: FileLocations;
  modelFolders: Readonly<Record<string, string>>;
}

/** For tests: another engine than the addon. */
export interface EngineOptions {
  engine?: () => Promise<Engine>;
}

export function stepContext(
  config: MachineConfig,
  found: Found,
  options: RunOptions & EngineOptions,
): StepContext {
  return {
    store: openStore(config.out),
    engine: once(options.engine ?? (() => loadEngine(config, options))),
    locations: found.locations,
    modelFolders: found.modelFolders,
    microBatchTokens: config.microBatchTokens,
    sharePrefixes: config.sharePrefixes ?? true,
    cudaGraphs: config.cudaGraphs ?? false,
    checkpointEvery: config.checkpointEvery ?? 30,
    signal: options.signal ?? new AbortController().signal,
    onProgress: () => {},
    onData: () => {},
    onNote: () => {},
  };
}

export async function loadEngine(
  config: Pick<MachineConfig, 'device' | 'threads'>,
  { onEvent }: Pick<RunOptions, 'onEvent'>,
): Promise<Engine> {
  const native = await import('../native/index.js');
  const { device, why } = await native.resolveDevice(config.device);
  const binding = await native.loadBinding();
  const threads = config.threads ?? native.defaultThreads();
  onEvent?.({ type: 'device', device, why, threads });
  return { binding, device, threads };
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
