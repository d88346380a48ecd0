import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { builtInModelNames, modelAssets } from './builtIn.js';
import { countParameters, type ModelFacts, readModelFacts } from './folder.js';
import { hubCache } from './hubCache.js';

/** A model that can be used without a download. */
export interface ListedModel extends ModelFacts {
  name: string;
  folder: string;
  from: 'built-in' | 'hub cache';
  parameters?: number;
}

/** Built-in models, then those fetched from the hub before. Folders that cannot be read are passed over. */
export async function listModels(): Promise<readonly ListedModel[]> {
  const builtIn = (await builtInModelNames()).map((name) => ({
    name,
    folder: join(modelAssets(), name),
    from: 'built-in' as const,
  }));
  const cached = (await readdir(hubCache()).catch(() => []))
    .filter((entry) => !entry.startsWith('.'))
    .sort()
    .map((entry) => ({
      name: entry.replace('--', '/'),
      folder: join(hubCache(), entry),
      from: 'hub cache' as const,
    }));
  const listed: ListedModel[] = [];
  for (const model of [...builtIn, ...cached]) {
    const facts = await readModelFacts(model.folder).catch(() => undefined);
    if (facts === undefined) continue;
    const parameters = await countParameters(model.folder);
    listed.push({ ...model, ...facts, ...(parameters === undefined ? {} : { parameters }) });
  }
  return listed;
}
