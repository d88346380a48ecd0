/** Compiling the addon on the user's machine: announced, with progress, and with the whole log kept. */
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { W2sError } from '../errors.js';
import type { Log } from './fetch.js';
import type { Libtorch } from './libtorch.js';
import { withLock } from './lock.js';
import { buildFolder, packageRoot, requireDisk } from './paths.js';
import { run } from './process.js';
import { requireToolchain } from './toolchain.js';

/** sha256 over everything that the addon is compiled from. */
export async function sourceHash(root: string = packageRoot): Promise<string> {
  const files = [
    join(root, 'CMakeLists.txt'),
    ...(await filesBelow(join(root, 'cmake'))),
    ...(await filesBelow(join(root, 'native'))),
  ];
  const hash = createHash('sha256');
  for (const file of files) {
    hash.update(`${relative(root, file)}\0`);
    hash.update(await readFile(file));
    hash.update('\0');
  }
  return hash.digest('hex');
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && /\.(cpp|h|cu|cuh|cmake)$/.test(entry.name));
  return files.map((entry) => join(entry.parentPath, entry.name)).sort();
}

/** Build against `libtorch` and lay the result into `install`; rejects with ERR_BUILD or ERR_DISK. */
export async function buildAddon(libtorch: Libtorch, install: string, key: string, log: Log): Promise<void> {
  const { compiler, builder } = await requireToolchain();
  const { folder, keep } = buildFolder(key);
  await requireDisk(folder, 1.5e9, 'building the addon');
  await mkdir(folder, { recursive: true });
  const wait = (owner: number) => log(`addon: waiting for process ${owner}, which is building here`);
  await withLock(`${folder}.lock`, wait, async () => {
    log(`addon: building it for libtorch ${libtorch.version} with ${compiler} and ${builder}, a few minutes`);
    const script = join(packageRoot, 'scripts', 'build-addon.mjs');
    const args = [script, '--libtorch', libtorch.folder, '--build', folder, '--install', install];
    const ran = await run(process.execPath, args, { onLine: progress(log) });
    const logFile = join(install, 'build.log');
    await writeFile(logFile, ran.stdout + ran.stderr);
    if (ran.status !== 0) throw buildError(ran.stdout + ran.stderr, logFile);
  });
  if (!keep) await rm(folder, { recursive: true, force: true });
}

/** Ninja's `[12/80] …` and make's `[ 15%] …`, one line for every tenth of the way. */
function progress(log: Log): (line: string) => void {
  let shown = -1;
  return (line) => {
    const ninja = /^\[(\d+)\/(\d+)\]/.exec(line);
    const make = /^\[ *(\d+)%\]/.exec(line);
    const share = ninja ? Number(ninja[1]) / Number(ninja[2]) : make ? Number(make[1]) / 100 : undefined;
    if (share === undefined) return;
    const tenth = Math.floor(share * 10);
    if (tenth <= shown) return;
    shown = tenth;
    log(`addon: ${String(Math.round(share * 100)).padStart(3)} % compiled`);
  };
}

function buildError(output: string, logFile: string): W2sError {
  const lines = output.split('\n');
  const first =
    lines.find((line) => /\b(fatal )?error:|CMake Error|No space left on device/.test(line)) ??
    lines.filter((line) => line.trim() !== '').at(-1) ??
    'no output';
  if (/no space left on device/i.test(output)) {
    return new W2sError('ERR_DISK', 'Expected room for building the addon but the disk is full.', {
      hint: 'Free some space, then: npx w2s-native setup',
    });
  }
  const memory = /Killed|signal terminated program cc1plus|out of memory/i.test(output);
  return new W2sError(
    'ERR_BUILD',
    memory
      ? 'Expected the addon to compile but the compiler ran out of memory.'
      : `Expected the addon to compile but received: ${first.trim()}`,
    {
      hint: `The whole log is in ${logFile}; after mending, type: npx w2s-native setup`,
      trace: lines.slice(-60).join('\n'),
    },
  );
}
