/** From nothing to an addon that works: the first libtorch that does, and the addon for it. */
import { isW2sError, W2sError } from '../errors.js';
import { type Addon, ensureAddon, findAddon } from './addon.js';
import { choose, fetchLibtorch, type Log, libtorchFromFile } from './fetch.js';
import { discoverLibtorch, type Libtorch, type Unusable } from './libtorch.js';
import { PINNED_VERSION } from './pinned.js';
import { verdictOn } from './verdict.js';

export interface Installation {
  libtorch: Libtorch;
  addon: Addon;
}

export interface SetupOptions {
  /** A wheel, an archive or a folder to take libtorch from. */
  fromFile?: string;
  /** `cuda` takes only a libtorch that was built for CUDA. */
  device?: 'cpu' | 'cuda';
  /** One line per thing done; without it set-up is silent. */
  log?: Log;
}

/**
 * Find or fetch libtorch, find or build the addon, and try it in a child process.
 *
 * Rejects with ERR_LIBTORCH, ERR_BUILD, ERR_NETWORK, ERR_DISK, ERR_ENVIRONMENT or ERR_DEVICE; every one
 * says what to type.
 */
export async function setUp(options: SetupOptions = {}): Promise<Installation> {
  const log = options.log ?? (() => undefined);
  const device = options.device ?? 'cpu';
  if (process.platform === 'win32') {
    throw new W2sError('ERR_ENVIRONMENT', 'Expected Linux or macOS but received Windows.', {
      hint: 'Use the Windows Subsystem for Linux: wsl --install',
    });
  }
  if (options.fromFile !== undefined) {
    return explicit(await libtorchFromFile(options.fromFile, log), log);
  }
  const { found, passedOver } = await discoverLibtorch(device === 'cuda');
  for (const libtorch of found) {
    const result = await tryToUse(libtorch, log);
    if (!('why' in result)) {
      if (device === 'cuda' && libtorch.from !== 'W2S_LIBTORCH') await choose(libtorch);
      return result;
    }
    log(`libtorch: ${libtorch.folder} does not work: ${result.why}`);
    if (libtorch.from === 'W2S_LIBTORCH') throw doesNotWork(libtorch, result.why);
    passedOver.push(result);
  }
  log(`libtorch: none that works here (${passedOver.map(({ from, why }) => `${from}: ${why}`).join('; ')})`);
  const fetched = await fetchLibtorch(device, log);
  const installation = await explicit(fetched, log);
  if (device === 'cuda') await choose(fetched);
  return installation;
}

/** The installation that a program would use now; undefined when set-up has to run first. Builds nothing. */
export async function findInstallation(): Promise<Installation | undefined> {
  const { found } = await discoverLibtorch();
  for (const libtorch of found) {
    const addon = await findAddon(libtorch);
    if (addon && (await verdictOn(addon, libtorch)).works) return { libtorch, addon };
    // The first libtorch is the one to use; only one that was tried and failed is passed over.
    if (!addon) return undefined;
  }
  return undefined;
}

async function explicit(libtorch: Libtorch, log: Log): Promise<Installation> {
  const result = await tryToUse(libtorch, log);
  if ('why' in result) throw doesNotWork(libtorch, result.why);
  return result;
}

async function tryToUse(libtorch: Libtorch, log: Log): Promise<Installation | Unusable> {
  const known = await findAddon(libtorch);
  if (!known) log(`libtorch: ${libtorch.version} in ${libtorch.folder} (${libtorch.from})`);
  let addon = known;
  try {
    addon ??= await ensureAddon(libtorch, log);
  } catch (error) {
    // A libtorch that the tests never saw may not compile; with the pinned one the fault is ours.
    const compiled = isW2sError(error, 'ERR_BUILD') && error.trace !== undefined;
    if (!compiled || libtorch.from === 'W2S_LIBTORCH' || libtorch.version === PINNED_VERSION) throw error;
    return { from: libtorch.from, why: error.message };
  }
  const verdict = await verdictOn(addon, libtorch);
  if (!verdict.works) return { from: libtorch.from, why: verdict.why };
  return { libtorch, addon };
}

function doesNotWork(libtorch: Libtorch, why: string): W2sError {
  return new W2sError(
    'ERR_LIBTORCH',
    `Expected the libtorch in ${libtorch.folder} to work with the addon but ${why}.`,
    {
      hint:
        libtorch.from === 'W2S_LIBTORCH'
          ? 'Let set-up find or fetch another: unset W2S_LIBTORCH; npx w2s-native setup'
          : 'Look at what is there: npx w2s-native doctor',
    },
  );
}
