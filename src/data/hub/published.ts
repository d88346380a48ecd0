import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hubEndpoint, requireOnline } from '../../config/hub/access.js';
import { W2sError } from '../../errors.js';
import type { PublishedDataset } from '../formats/format.js';
import { openSource } from '../sources/index.js';
import { dataCache, isKept, keep } from './cache.js';
import { askJson, atEndpoint, download } from './download.js';
import { explained } from './failure.js';

/**
 * One split of a published data set as a local file, fetched where it is not kept yet from the hub's automatic
 * conversion to Parquet (`GET /api/datasets/OWNER/NAME/parquet/CONFIG/SPLIT`, a list of addresses; see
 * https://huggingface.co/docs/dataset-viewer/parquet). More than one file a split is joined into JSON Lines.
 * Throws ERR_NOT_FOUND, ERR_NETWORK or ERR_DISK.
 * @param format for messages: what `--dataset` was given
 * @param allowed whether the network may be used
 */
export async function fetchSplit(
  format: string,
  { repo, config = 'default' }: PublishedDataset,
  split: string,
  allowed = true,
): Promise<string> {
  const folder = join(dataCache(), repo.replace('/', '--'), config);
  const [single, joined] = [join(folder, `${split}.parquet`), join(folder, `${split}.jsonl`)];
  if (await isKept(joined)) return joined;
  if (await isKept(single)) return single;
  const what = `${repo} (${config}, ${split})`;
  try {
    requireOnline(allowed);
    const shards = await shardsOf(repo, config, split);
    const source = { repo, config, split };
    const [only] = shards;
    if (only !== undefined && shards.length === 1) {
      return await keep(single, async (file) => ({ ...source, ...(await download(only, file, what)) }));
    }
    return await keep(joined, async (file, draft) => {
      const parts: { sha256: string }[] = [];
      const files = shards.map((_, i) => join(draft, `${i}.parquet`));
      for (const [i, shard] of shards.entries()) {
        parts.push(await download(shard, files[i] ?? '', `${what}, part ${i + 1} of ${shards.length}`));
      }
      await joinRows(files, file);
      return { ...source, parts };
    });
  } catch (cause) {
    throw await explained(cause, {
      what: `${what} for --dataset ${format}`,
      hint: `Name files that you have: --dataset ${format} --data FILE --test-data FILE`,
    });
  }
}

/** Addresses of the Parquet files of a split. */
async function shardsOf(repo: string, config: string, split: string): Promise<readonly string[]> {
  const address = `${hubEndpoint()}/api/datasets/${repo}/parquet/${config}/${split}`;
  const listed = await askJson(address);
  if (!Array.isArray(listed) || listed.length === 0 || !listed.every((one) => typeof one === 'string')) {
    throw new W2sError(
      'ERR_NETWORK',
      `Expected a list of Parquet files from ${address} but received ${JSON.stringify(listed).slice(0, 80)}.`,
    );
  }
  return (listed as string[]).map(atEndpoint);
}

/** Rows of several files one after the other, as JSON Lines. */
async function joinRows(files: readonly string[], target: string): Promise<void> {
  await writeFile(target, '');
  for (const file of files) {
    const { rows } = await openSource(file);
    for await (const chunk of rows()) {
      await writeFile(target, chunk.map(({ record }) => `${JSON.stringify(record)}\n`).join(''), {
        flag: 'a',
      });
    }
  }
}
