/**
 * A new binary is tried once in a child process, so that a bad one cannot take the user's process down. The
 * verdict is kept beside the binary, under a key of all that it depends on.
 */
import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import type { CudaDevice, NativeBuildInfo } from './binding.js';
import { type Libtorch, libraryName } from './libtorch.js';
import { run } from './process.js';

export interface Verdict {
  works: boolean;
  /** Why not; empty when it works. */
  why: string;
  /** Of a CUDA trial: the devices that opened. */
  devices?: CudaDevice[];
  /** Of a CPU trial. */
  info?: NativeBuildInfo;
}

type Trial = 'cpu' | 'cuda';

/** Plain JavaScript for `node -e`: opens the addon and calls it, so that its symbols are really used. */
const SCRIPT = `
const [file, want, trial] = process.argv.slice(1);
const module_ = { exports: {} };
const report = (value) => console.log('VERDICT' + JSON.stringify(value));
try {
  process.dlopen(module_, file);
  const addon = module_.exports;
  const info = addon.buildInfo();
  if (info.builtFor !== want) throw new Error('it was built for libtorch ' + info.builtFor);
  report(trial === 'cuda' ? { devices: addon.cudaDevices() } : { info });
  addon.shutdown?.();
} catch (error) {
  report({ error: String(error.message) });
}`;

/** Does this addon work here? Asks the kept verdict first. */
export async function verdictOn(
  addon: { folder: string; file: string },
  libtorch: Libtorch,
  trial: Trial = 'cpu',
): Promise<Verdict> {
  const key = await verdictKey(addon.file, libtorch, trial);
  const kept = join(addon.folder, 'verdicts', `${key}.json`);
  const known = await readFile(kept, 'utf8').catch(() => undefined);
  if (known !== undefined) return JSON.parse(known) as Verdict;
  const verdict = await tryOut(addon.file, libtorch, trial);
  // A refusal may be a passing one (a driver being updated, a full process table): it is asked again.
  if (verdict.works) {
    await mkdir(join(addon.folder, 'verdicts'), { recursive: true });
    await writeFile(`${kept}.${process.pid}`, JSON.stringify(verdict));
    await rename(`${kept}.${process.pid}`, kept);
  }
  return verdict;
}

async function tryOut(file: string, libtorch: Libtorch, trial: Trial): Promise<Verdict> {
  const args = ['-e', SCRIPT, file, libtorch.version, trial];
  const env = { ...process.env, NODE_OPTIONS: '' };
  const ran = await run(process.execPath, args, { timeoutMs: 120_000, env });
  const line = ran.stdout.split('\n').find((text) => text.startsWith('VERDICT'));
  if (line && ran.status === 0) {
    const { error, devices, info } = JSON.parse(line.slice('VERDICT'.length));
    if (error === undefined)
      return { works: true, why: '', ...(devices && { devices }), ...(info && { info }) };
    return { works: false, why: error };
  }
  const end = ran.signal ? `signal ${ran.signal}` : `status ${ran.status}`;
  const words = ran.stderr.trim().split('\n').at(-1) ?? '';
  return { works: false, why: `trying it ended with ${end}${words && `: ${words}`}` };
}

async function verdictKey(file: string, libtorch: Libtorch, trial: string): Promise<string> {
  const [addon, library] = await Promise.all([stat(file), stat(join(libtorch.folder, 'lib', libraryName))]);
  const driver = await readFile('/proc/driver/nvidia/version', 'utf8').catch(() => '');
  const parts = [trial, addon.size, addon.mtimeMs, libtorch.folder, libtorch.version, library.size];
  parts.push(library.mtimeMs, process.versions.node, process.arch, cpus()[0]?.model ?? '', driver);
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16);
}
