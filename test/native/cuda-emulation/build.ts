/** Compiles the CUDA kernels for the CPU: see README.md. */
import { mkdtemp, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from '../../../src/native/process.js';
import { findToolchain } from '../../../src/native/toolchain.js';

const here = fileURLToPath(new URL('.', import.meta.url));
const kernels = fileURLToPath(new URL('../../../native/cuda/', import.meta.url));
const FLAGS = [
  '-std=c++20',
  '-O1',
  '-fPIC',
  '-Wall',
  '-Wextra',
  '-Werror',
  '-Wno-unknown-pragmas',
  '-I',
  here,
];

/** Fibers and weak names as Linux has them. */
export const canEmulate = process.platform === 'linux' && findToolchain().compiler !== undefined;

/** The library's file, in a folder of its own that the caller removes. */
export async function buildEmulation(): Promise<{ folder: string; library: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'w2s-cuda-emulation-'));
  // The probe asks the runtime for memory, which is not emulated.
  const found = (await readdir(kernels)).filter((name) => name.endsWith('.cu') && name !== 'device_probe.cu');
  const sources = [...found.map((name) => join(kernels, name)), join(kernels, 'kernels.cpp')];
  sources.push(join(here, 'fibers.cpp'), join(here, 'door.cpp'));
  const objects = sources.map((_, i) => join(folder, `${i}.o`));
  await Promise.all(
    sources.map((source, i) => compile([...FLAGS, '-x', 'c++', '-c', source, '-o', objects[i]!])),
  );
  const library = join(folder, 'emulation.so');
  await compile(['-shared', '-Wl,--no-undefined', ...objects, '-o', library]);
  return { folder, library };
}

async function compile(args: string[]): Promise<void> {
  const ran = await run(findToolchain().compiler!, args, { timeoutMs: 120_000 });
  if (ran.status !== 0) throw new Error(ran.stderr);
}
