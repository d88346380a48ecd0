/** The addon's place in the cache, and what is there. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readFile, realpath, rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildAddon, sourceHash } from './build.js';
import type { Log } from './fetch.js';
import type { Libtorch } from './libtorch.js';
import { withLock } from './lock.js';
import { addonCache, packageRoot } from './paths.js';
import { findToolchain } from './toolchain.js';

export interface Addon {
  folder: string;
  file: string;
  /** libtorch that it was compiled against. */
  builtFor: string;
  /** The CUDA library was built too. */
  cuda: boolean;
}

/** What lies beside a binary as `built.json`. */
interface Built {
  builtFor: string;
  source: string;
  cuda: boolean;
}

interface Identity {
  key: string;
  source: string;
  withCuda: boolean;
}

/** One folder per sources, libtorch, platform, and whether the CUDA part can be compiled. */
async function identify(libtorch: Libtorch): Promise<Identity> {
  const source = await sourceHash();
  const withCuda = libtorch.cuda && findToolchain().nvcc !== undefined;
  const parts = [source, libtorch.version, libtorch.folder, process.platform, process.arch, withCuda];
  const key = createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16);
  return { key, source, withCuda };
}

/** The addon for this libtorch if it is there, was built for this very version, and links to it. */
export async function findAddon(libtorch: Libtorch): Promise<Addon | undefined> {
  return readAddon(await identify(libtorch), libtorch);
}

async function readAddon({ key }: Identity, libtorch: Libtorch): Promise<Addon | undefined> {
  const folder = join(addonCache(), key);
  try {
    const built = JSON.parse(await readFile(join(folder, 'built.json'), 'utf8')) as Built;
    const link = await realpath(join(folder, 'libtorch'));
    const fits =
      built.builtFor === libtorch.version && link === (await realpath(join(libtorch.folder, 'lib')));
    if (!fits) return undefined;
    return { folder, file: join(folder, 'w2s.node'), builtFor: built.builtFor, cuda: built.cuda };
  } catch {
    return undefined;
  }
}

/** The addon for this libtorch: found, taken from a prebuild, or built. */
export async function ensureAddon(libtorch: Libtorch, log: Log): Promise<Addon> {
  const identity = await identify(libtorch);
  const found = await readAddon(identity, libtorch);
  if (found) return found;
  const folder = join(addonCache(), identity.key);
  const wait = (owner: number) => log(`addon: waiting for process ${owner}, which is building it`);
  return withLock(`${folder}.lock`, wait, async () => {
    const meanwhile = await readAddon(identity, libtorch);
    if (meanwhile) return meanwhile;
    await mkdir(folder, { recursive: true });
    const prebuilt = await takePrebuild(identity, libtorch, folder, log);
    if (!prebuilt) await buildAddon(libtorch, folder, identity.key, log);
    const cuda = existsSync(join(folder, 'w2s_cuda.so'));
    if (identity.withCuda && !cuda)
      log('addon: the CUDA library did not compile; the log is beside the addon');
    const built: Built = { builtFor: libtorch.version, source: identity.source, cuda };
    await writeFile(join(folder, 'built.json.new'), JSON.stringify(built));
    await rename(join(folder, 'built.json.new'), join(folder, 'built.json'));
    return { folder, file: join(folder, 'w2s.node'), builtFor: libtorch.version, cuda };
  });
}

/** A prebuilt binary serves only its own sources and one libtorch version, and never CUDA. */
async function takePrebuild(
  { source, withCuda }: Identity,
  libtorch: Libtorch,
  folder: string,
  log: Log,
): Promise<boolean> {
  const prebuilds = join(packageRoot, 'prebuilds', `${process.platform}-${process.arch}`);
  const sidecar = await readFile(join(prebuilds, 'w2s-native.json'), 'utf8').catch(() => undefined);
  if (sidecar === undefined || withCuda) return false;
  const built = JSON.parse(sidecar) as Partial<Built>;
  if (built.source !== source || built.builtFor !== libtorch.version) return false;
  log(`addon: taking the prebuilt one for libtorch ${libtorch.version}`);
  await copyFile(join(prebuilds, 'w2s-native.node'), join(folder, 'w2s.node'));
  await symlink(join(libtorch.folder, 'lib'), join(folder, 'libtorch'), 'dir').catch(() => undefined);
  return true;
}
