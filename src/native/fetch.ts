/** Bringing a pinned libtorch into the shared cache: by pip, or from a file. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { type ErrorCode, W2sError } from '../errors.js';
import { chosenFile, inspect, type Libtorch } from './libtorch.js';
import { withLock } from './lock.js';
import { libtorchCache, requireDisk } from './paths.js';
import { CUDA_RUNTIME_WHEELS, PINNED_VERSION, WHEEL_HASHES } from './pinned.js';
import { type Attempt, classifyPipFailure, pipDownload, requirePip } from './pip.js';
import { run } from './process.js';

export type Log = (line: string) => void;

const PYTORCH_INDEX = 'https://download.pytorch.org/whl';

/** Where to look, in order: see DESIGN 3.9. */
export function cpuAttempts(platform: NodeJS.Platform = process.platform): Attempt[] {
  if (platform === 'darwin') {
    return [{ what: "pip's index (about 80 MB)", requirements: [`torch==${PINNED_VERSION}`] }];
  }
  const cpuBuild = [`torch==${PINNED_VERSION}+cpu`];
  return [
    { what: "the CPU build in pip's own configuration (about 190 MB)", requirements: cpuBuild },
    { what: "PyTorch's CPU index (about 190 MB)", requirements: cpuBuild, index: `${PYTORCH_INDEX}/cpu` },
    {
      what: "pip's index, a CUDA build that also runs on the CPU (about 540 MB)",
      requirements: [`torch==${PINNED_VERSION}`, ...CUDA_RUNTIME_WHEELS],
    },
  ];
}

/** The CUDA build whose CUDA this driver can run. */
export function cudaAttempts(driverCuda: string): Attempt[] {
  const [major = 0, minor = 0] = driverCuda.split('.').map(Number);
  if (major >= 13) {
    const requirements = [`torch==${PINNED_VERSION}`];
    return [{ what: "the CUDA 13 build of pip's index (about 4 GB)", requirements, dependencies: true }];
  }
  if (major === 12 && minor >= 6) {
    return [
      {
        what: "PyTorch's CUDA 12.6 index (about 4 GB)",
        requirements: [`torch==${PINNED_VERSION}+cu126`],
        index: `${PYTORCH_INDEX}/cu126`,
        dependencies: true,
      },
    ];
  }
  throw new W2sError(
    'ERR_DEVICE',
    `Expected an NVIDIA driver for CUDA 12.6 or newer for device cuda but it reports CUDA ${driverCuda}.`,
    { hint: 'Update the driver, or use the CPU: npx w2s-native train --device cpu' },
  );
}

/** CUDA version that the NVIDIA driver supports; rejects with ERR_DEVICE when there is no driver. */
export async function driverCudaVersion(): Promise<string> {
  const { stdout, error, status } = await run('nvidia-smi', [], { timeoutMs: 20_000 });
  const version = /CUDA Version: *(\d+\.\d+)/.exec(stdout)?.[1];
  if (version) return version;
  const why = error ? 'nvidia-smi was not found' : `nvidia-smi ended with status ${status}`;
  throw new W2sError('ERR_DEVICE', `Expected a working NVIDIA driver for device cuda but ${why}.`, {
    hint: 'Install the driver, or use the CPU: npx w2s-native train --device cpu',
  });
}

/** Download the pinned libtorch for a device into the cache, unless another process just did. */
export async function fetchLibtorch(device: 'cpu' | 'cuda', log: Log): Promise<Libtorch> {
  const attempts = device === 'cuda' ? cudaAttempts(await driverCudaVersion()) : cpuAttempts();
  await requirePip();
  await mkdir(libtorchCache(), { recursive: true });
  await requireDisk(libtorchCache(), device === 'cuda' ? 16e9 : 2.5e9, 'libtorch');
  const folder = await intoCache(`${PINNED_VERSION}-${device}`, log, (temporary) =>
    downloadFirst(attempts, temporary, log),
  );
  return checked(folder, 'cache');
}

async function downloadFirst(attempts: readonly Attempt[], temporary: string, log: Log): Promise<void> {
  const failures: { what: string; code: ErrorCode; why: string }[] = [];
  for (const attempt of attempts) {
    log(`libtorch: fetching torch ${PINNED_VERSION} from ${attempt.what}`);
    const wheels = join(temporary, 'wheels');
    await rm(wheels, { recursive: true, force: true });
    await mkdir(wheels);
    const ran = await pipDownload(attempt, wheels, (line) => {
      if (/^\s*(Downloading|Saved|Using cached) /.test(line)) log(`libtorch: pip: ${line.trim()}`);
    });
    if (ran.status === 0) {
      for (const name of (await readdir(wheels)).sort()) {
        if (!/^(torch-|nvidia_)/.test(name)) continue;
        await checkHash(join(wheels, name));
        log(`libtorch: unpacking ${name}`);
        await extract(join(wheels, name), temporary);
      }
      await rm(wheels, { recursive: true });
      return;
    }
    const failure = classifyPipFailure(ran);
    log(`libtorch: not from there: ${failure.why}`);
    failures.push({ what: attempt.what, ...failure });
    if (failure.code === 'ERR_DISK') break;
  }
  throw downloadError(failures);
}

function downloadError(failures: readonly { what: string; code: ErrorCode; why: string }[]): W2sError {
  const tried = failures.map(({ what, why }) => `${what}: ${why}`).join('; ');
  const message = `Expected to fetch torch ${PINNED_VERSION} but every source failed (${tried}).`;
  if (failures.some(({ code }) => code === 'ERR_DISK')) {
    return new W2sError('ERR_DISK', message, {
      hint: 'Free some space, or put the cache elsewhere: W2S_CACHE=/path/with/space npx w2s-native setup',
    });
  }
  const code = failures.some((failure) => failure.code === 'ERR_NETWORK') ? 'ERR_NETWORK' : 'ERR_LIBTORCH';
  return new W2sError(code, message, {
    hint:
      'Check the connection (pip obeys HTTPS_PROXY) and try again, or bring the wheel by hand: ' +
      `npx w2s-native setup --from-file torch-${PINNED_VERSION}-….whl`,
  });
}

/** A wheel, a libtorch archive or an unpacked folder that the user brings; chosen from now on. */
export async function libtorchFromFile(file: string, log: Log): Promise<Libtorch> {
  const path = resolve(file);
  const info = await stat(path).catch(() => undefined);
  if (!info) {
    throw new W2sError(
      'ERR_LIBTORCH',
      `Expected a wheel, an archive or a folder for --from-file but ${file} does not exist.`,
      {
        hint: `python3 -m pip download --no-deps torch==${PINNED_VERSION}, then: npx w2s-native setup --from-file torch-${PINNED_VERSION}-….whl`,
      },
    );
  }
  const libtorch = info.isDirectory() ? await checked(path, 'chosen') : await fromArchive(path, log);
  await choose(libtorch);
  return { ...libtorch, from: 'chosen' };
}

async function fromArchive(path: string, log: Log): Promise<Libtorch> {
  await mkdir(libtorchCache(), { recursive: true });
  await requireDisk(libtorchCache(), 2.5e9, 'libtorch');
  const hash = await checkHash(path);
  await requirePythonForUnzip();
  const folder = await intoCache(`0-file-${hash.slice(0, 12)}`, log, async (temporary) => {
    log(`libtorch: unpacking ${basename(path)}`);
    await extract(path, temporary);
  });
  return checked(folder, 'chosen');
}

async function requirePythonForUnzip(): Promise<void> {
  const { status } = await run('python3', ['-c', 'import zipfile']);
  if (status !== 0) await requirePip();
}

/** Remember an explicit choice: it comes before the torch of python3 from now on. */
export async function choose(libtorch: Libtorch): Promise<void> {
  await mkdir(dirname(chosenFile()), { recursive: true });
  await writeFile(`${chosenFile()}.${process.pid}`, `${libtorch.folder}\n`);
  await rename(`${chosenFile()}.${process.pid}`, chosenFile());
}

/** Fill `<cache>/<name>` in a temporary folder that is renamed into place whole. */
async function intoCache(
  name: string,
  log: Log,
  fill: (temporary: string) => Promise<void>,
): Promise<string> {
  const target = join(libtorchCache(), name);
  const wait = (owner: number) => log(`libtorch: waiting for process ${owner}, which is fetching it`);
  return withLock(join(libtorchCache(), `.${name}.lock`), wait, async () => {
    if (!(await stat(target).catch(() => undefined))) {
      const temporary = await mkdtemp(join(libtorchCache(), '.partial-'));
      try {
        await fill(temporary);
        await rename(temporary, target);
      } finally {
        await rm(temporary, { recursive: true, force: true });
      }
    }
    const inner = (await readdir(target)).find((entry) => entry === 'torch' || entry === 'libtorch');
    return join(target, inner ?? 'torch');
  });
}

async function checked(folder: string, from: 'cache' | 'chosen'): Promise<Libtorch> {
  const result = await inspect(folder, from);
  if (!('why' in result)) return result;
  throw new W2sError('ERR_LIBTORCH', `Expected libtorch in ${folder} but ${result.why}.`, {
    hint: `Remove what is broken and set up again: rm -r ${folder}; npx w2s-native setup`,
  });
}

/** sha256 of a file; rejects when the file's name is pinned to another one. */
async function checkHash(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  const received = hash.digest('hex');
  const expected = WHEEL_HASHES[basename(file).replace('%2B', '+')];
  if (expected === undefined || expected === received) return received;
  throw new W2sError(
    'ERR_LIBTORCH',
    `Expected sha256 ${expected} for ${basename(file)} but received ${received}.`,
    {
      hint: 'The file is damaged or not the one it says it is: fetch it again by npx w2s-native setup',
    },
  );
}

/** Only what compiling and loading need. Python's zipfile never writes outside the folder it is given. */
const EXTRACT_SCRIPT = [
  'import sys, zipfile',
  'wanted = ("torch/lib/", "torch/include/", "torch/version.py", "libtorch/lib/", "libtorch/include/", "nvidia/")',
  'with zipfile.ZipFile(sys.argv[1]) as archive:',
  '    archive.extractall(sys.argv[2], [n for n in archive.namelist() if n.startswith(wanted)])',
].join('\n');

async function extract(archive: string, folder: string): Promise<void> {
  const { status, stderr } = await run('python3', ['-c', EXTRACT_SCRIPT, archive, folder]);
  if (status === 0) return;
  const full = /no space left|disk quota/i.test(stderr);
  throw new W2sError(
    full ? 'ERR_DISK' : 'ERR_LIBTORCH',
    `Expected to unpack ${basename(archive)} but ${full ? 'the disk is full' : stderr.trim().split('\n').at(-1)}.`,
    { hint: 'Free some space or fetch the file again, then: npx w2s-native setup' },
  );
}
