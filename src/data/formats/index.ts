import { nearest } from '../../config/nearest.js';
import { W2sError } from '../../errors.js';
import { boolq } from './boolq.js';
import { builtInDataset, builtInFormat, builtInNames } from './builtIn.js';
import { columnsFormat } from './columns.js';
import { ethicsDeontology } from './ethicsDeontology.js';
import { ethicsJustice } from './ethicsJustice.js';
import { ethicsUtilitarianism } from './ethicsUtilitarianism.js';
import type { DatasetFormat } from './format.js';
import { hh } from './hh.js';
import { lichessPuzzles } from './lichessPuzzles.js';
import { preferencePairs } from './preferencePairs.js';
import { sciq, sciqSupport } from './sciq.js';
import { sst2 } from './sst2.js';

/** Every format that is no built-in data set; a new one is a file of this folder and a line here. */
export const FORMATS: readonly DatasetFormat[] = [
  columnsFormat,
  sciq,
  sciqSupport,
  boolq,
  ethicsJustice,
  ethicsDeontology,
  ethicsUtilitarianism,
  sst2,
  hh,
  preferencePairs,
  lichessPuzzles,
];

/** All names that `--dataset` takes. */
export async function formatNames(): Promise<readonly string[]> {
  return [...(await builtInNames()), ...FORMATS.map((format) => format.name)];
}

/** A format by name. Throws ERR_CONFIG (exit code 2) with the nearest right name. */
export async function findFormat(name: string): Promise<DatasetFormat> {
  const known = FORMATS.find((format) => format.name === name);
  if (known !== undefined) return known;
  const dataset = await builtInDataset(name);
  if (dataset !== undefined) return builtInFormat(dataset);
  const names = await formatNames();
  const near = nearest(name, names);
  throw new W2sError(
    'ERR_CONFIG',
    `Expected one of ${names.join(', ')} for --dataset but received "${name}".`,
    {
      hint: near
        ? `Did you mean --dataset ${near}?`
        : 'For a file of your own: --dataset columns --data FILE',
    },
  );
}

export { type BuiltInDataset, builtInDataset, builtInNames } from './builtIn.js';
export type { DatasetFormat, RawExample, ReadRequest, RecordReader, Variant } from './format.js';
