/** From what the user asks for to one device, with the reason. CUDA never falls back to the CPU. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { W2sError } from '../errors.js';
import type { CudaDevice } from './binding.js';
import { discoverLibtorch } from './libtorch.js';
import { loadAddon } from './load.js';
import { findToolchain } from './toolchain.js';
import { verdictOn } from './verdict.js';

export interface ResolvedDevice {
  /** `cpu` or `cuda:<index>`. */
  device: string;
  /** Why this one, for people. */
  why: string;
}

/**
 * Resolve `auto`, `cpu`, `cuda` or `cuda:<index>`.
 *
 * `auto` takes CUDA only where it works as things are, and downloads nothing. Rejects with ERR_CONFIG for
 * another word and ERR_DEVICE when a CUDA device that was asked for cannot be used.
 */
export async function resolveDevice(asked: string): Promise<ResolvedDevice> {
  if (asked === 'cpu') return { device: 'cpu', why: 'as the settings say' };
  if (asked === 'auto') return automatic();
  const index = /^cuda(?::(\d+))?$/.exec(asked);
  if (!index) {
    throw new W2sError(
      'ERR_CONFIG',
      `Expected auto, cpu, cuda or cuda:<index> for --device but received ${asked}.`,
      {
        hint: 'npx w2s-native train --device auto',
      },
    );
  }
  const wanted = Number(index[1] ?? 0);
  const devices = await openCuda();
  const device = devices.find((candidate) => candidate.index === wanted);
  if (!device) {
    const there = devices.map((candidate) => `cuda:${candidate.index} (${candidate.name})`).join(', ');
    throw new W2sError(
      'ERR_DEVICE',
      `Expected a device cuda:${wanted} but this machine has ${there || 'none'}.`,
      {
        hint: 'npx w2s-native doctor',
      },
    );
  }
  return { device: `cuda:${wanted}`, why: `it was asked for (${device.name})` };
}

async function automatic(): Promise<ResolvedDevice> {
  if (!hasNvidiaDriver()) return { device: 'cpu', why: 'there is no NVIDIA driver' };
  const { found } = await discoverLibtorch();
  if (found.length > 0 && !found[0]?.cuda) {
    return {
      device: 'cpu',
      why: 'this libtorch is built without CUDA; npx w2s-native setup --device cuda fetches one',
    };
  }
  try {
    const [first] = await openCuda();
    if (first) return { device: `cuda:${first.index}`, why: `${first.name} is there` };
    return { device: 'cpu', why: 'the CUDA library sees no device' };
  } catch (error) {
    return { device: 'cpu', why: (error as Error).message };
  }
}

/** Cheap, and enough to spare machines without a GPU from loading anything. */
export function hasNvidiaDriver(): boolean {
  return ['/proc/driver/nvidia/version', '/dev/nvidiactl', '/dev/dxg'].some((file) => existsSync(file));
}

async function openCuda(): Promise<CudaDevice[]> {
  const { addon, libtorch, binding } = await loadAddon();
  if (!libtorch.cuda) {
    throw new W2sError(
      'ERR_DEVICE',
      `Expected a libtorch with CUDA for --device cuda but ${libtorch.folder} is a CPU build.`,
      {
        hint: 'npx w2s-native setup --device cuda',
      },
    );
  }
  if (!addon.cuda) throw withoutCudaLibrary(addon.folder);
  const verdict = await verdictOn(addon, libtorch, 'cuda');
  if (!verdict.works) {
    throw new W2sError('ERR_DEVICE', `Expected CUDA to work for --device cuda but ${verdict.why}.`, {
      hint: 'npx w2s-native doctor',
    });
  }
  return binding.cudaDevices();
}

/** Why an addon has no CUDA library: there was nothing to compile it with, or that failed. */
export function withoutCudaLibrary(folder: string): W2sError {
  if (findToolchain().nvcc === undefined) {
    return new W2sError('ERR_DEVICE', 'Expected nvcc on PATH for building the CUDA library but found none.', {
      hint: 'Install the CUDA toolkit of your libtorch, then: npx w2s-native setup --device cuda',
    });
  }
  return new W2sError('ERR_DEVICE', 'Expected the CUDA library to compile for device cuda but it did not.', {
    hint: `Read ${join(folder, 'build.log')}, mend it, then: rm -r ${folder}; npx w2s-native setup --device cuda`,
  });
}
