import { stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { nearest } from '../config/nearest.js';
import { W2sError } from '../errors.js';
import { builtInModelNames, modelAssets } from './builtIn.js';
import { countParameters, hashModelFolder, type ModelFacts, readModelFacts } from './folder.js';
import { nearestLocal } from './suggest.js';

/** A model that was found: a local Hugging Face folder and what is known of it. */
export interface ResolvedModel extends ModelFacts {
  /** As the user named it; for people. */
  name: string;
  folder: string;
  /** sha256 over the files that decide what the model computes. */
  contentHash: string;
  builtIn: boolean;
  parameters?: number;
}

/**
 * Finds a model: the name of a built-in one, a local folder, or a hub id (`org/name`, `name`, either with
 * `@revision`), which is fetched once into the user's cache.
 * Throws ERR_NOT_FOUND with the nearest right name, ERR_NETWORK, ERR_WEIGHTS or ERR_ARCHITECTURE.
 */
export async function resolveModel(name: string): Promise<ResolvedModel> {
  const builtIns = await builtInModelNames();
  if (builtIns.includes(name)) return describe(name, join(modelAssets(), name), true);
  const folder = resolve(name.startsWith('~/') ? join(homedir(), name.slice(2)) : name);
  const found = await stat(folder).catch(() => undefined);
  if (found?.isDirectory()) return describe(name, folder, false);
  if (found !== undefined) {
    throw new W2sError('ERR_NOT_FOUND', `Expected a model folder but ${name} is a file.`, {
      hint: 'Name the folder that holds it, or a built-in model: npx w2s-native models',
    });
  }
  const near = nearest(name, builtIns);
  if (near !== undefined || !looksLikeHubId(name)) throw await missingModel(name, near);
  const { fetchHubModel } = await import('./hub.js');
  return describe(name, await fetchHubModel(name), false);
}

async function describe(name: string, folder: string, builtIn: boolean): Promise<ResolvedModel> {
  const facts = await readModelFacts(folder);
  const [contentHash, parameters] = await Promise.all([hashModelFolder(folder), countParameters(folder)]);
  return {
    name,
    folder,
    contentHash,
    builtIn,
    ...facts,
    ...(parameters === undefined ? {} : { parameters }),
  };
}

/** `name`, `org/name`, either with `@revision`; anything else can only be a path. */
function looksLikeHubId(name: string): boolean {
  return /^[A-Za-z0-9][\w.-]*(\/[\w.-]+)?(@[\w.-]+)?$/.test(name) && !/\.\.|--/.test(name);
}

/** A path was meant where one was written: then its neighbours are more use than the built-in names. */
async function placesToLook(name: string): Promise<string> {
  const builtIn = 'npx w2s-native models';
  if (!/[\\/]/.test(name)) return `For models that are built in: ${builtIn}`;
  const parent = dirname(resolve(name));
  const there = await stat(parent).catch(() => undefined);
  const look = there?.isDirectory()
    ? `See what is there: ls ${displayFolder(parent)}`
    : `There is no folder ${displayFolder(parent)}`;
  return `${look}; for models that are built in: ${builtIn}`;
}

const displayFolder = (folder: string): string => (relative(process.cwd(), folder) === '' ? '.' : folder);

async function missingModel(name: string, nearBuiltIn: string | undefined): Promise<W2sError> {
  const near = nearBuiltIn ?? (await nearestLocal(name));
  return new W2sError(
    'ERR_NOT_FOUND',
    `Expected a built-in model, a folder or a hub id for the model but received "${name}", which is none.`,
    { hint: near ? `Did you mean ${near}?` : await placesToLook(name) },
  );
}
