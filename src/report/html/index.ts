/** The report page of one experiment: where it lies, and whether it must be drawn. Drawing is loaded when it is. */

import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { packageVersion } from '../../config/packageVersion.js';
import type { TrainDocument } from '../../metrics/index.js';
import { openStore, type Store, writeAtomically } from '../../store/index.js';
import { namesOf } from './names.js';

/** Raised when pages change, so that those that were drawn before are drawn again. */
const PAGE_REVISION = 2;

/** First line of a page that lacks something which may be found another time, such as a data file. */
const INCOMPLETE = '<!-- incomplete -->';

export interface RunPageOptions {
  store: Store;
  /** Where `reports/` goes; the store's own folder unless told. */
  out?: string;
}

/**
 * Writes the page of one experiment, unless it is there already.
 *
 * @returns its path: `<out>/reports/<dataset>-<weak>-<strong>-<hash8>.html`
 * Rejects with ERR_DISK or ERR_STORE where it cannot be written.
 */
export async function writeRunPage(document: TrainDocument, { store, out }: RunPageOptions): Promise<string> {
  const path = join(out ?? store.root, 'reports', runPageName(document));
  if (await isComplete(path)) return path;
  const { drawRunPage } = await import('./runPage.js');
  const { text, complete } = await drawRunPage(document, store, packageVersion());
  await writeAtomically(path, complete ? text : text.replace('\n', `\n${INCOMPLETE}\n`));
  return path;
}

/**
 * Draws the page of an experiment that `weakToStrong` ran, unless it is there already.
 *
 * @param document what `weakToStrong` gave; its store is that of `config.out`, from the working directory
 * @returns the page's path: `<out>/reports/<dataset>-<weak>-<strong>-<hash8>.html`
 * Rejects with ERR_DISK or ERR_STORE where it cannot be written, or the store no longer holds the steps.
 */
export async function writeReport(document: TrainDocument): Promise<string> {
  return writeRunPage(document, { store: openStore(String(document.config.out)) });
}

/** The page's file name: the same for the same experiment, package and revision. */
export function runPageName(document: TrainDocument): string {
  const { weak, strong } = namesOf(document);
  const readable = [document.config.dataset, weak, strong].map(fileName).join('-');
  const hash = createHash('sha256').update(`${PAGE_REVISION} ${packageVersion()} ${lasting(document)}`);
  return `${readable}-${hash.digest('hex').slice(0, 8)}.html`;
}

/** The document without what differs between two runs of one experiment (DESIGN 3.1). */
function lasting({ throughput: _, store: __, ...document }: TrainDocument): string {
  const { out: ___, ...config } = document.config;
  return JSON.stringify({ ...document, config }, (key, value: unknown) =>
    key === 'seconds' ? undefined : value,
  );
}

function fileName(name: string): string {
  return (
    name
      .replace(/[^A-Za-z0-9._]+/g, '-')
      .replace(/^[-.]+|-+$/g, '')
      .slice(0, 40) || 'model'
  );
}

async function isComplete(path: string): Promise<boolean> {
  const file = await open(path, 'r').catch(() => null);
  if (file === null) return false;
  try {
    const start = Buffer.alloc(64);
    const { bytesRead } = await file.read(start, 0, start.length, 0);
    return bytesRead > 0 && !start.toString('utf8').includes(INCOMPLETE);
  } finally {
    await file.close();
  }
}
