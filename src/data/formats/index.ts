import { isModuleFile } from '../../config/modulePath.js';
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

/** Formats that users define, by the name that holds the hash of their code: a spec names them, and steps find them here. */
const defined = new Map<string, DatasetFormat>();

/** Makes a format known that no file of this folder holds, and gives the name that `--dataset` then takes. */
export function rememberFormat(format: DatasetFormat): string {
  defined.set(format.name, format);
  return format.name;
}

/**
 * A format by name, or by the file of the module that defines it. Throws ERR_CONFIG (exit code 2) with the nearest
 * right name, or where the module cannot be loaded.
 */
export async function findFormat(name: string): Promise<DatasetFormat> {
  const known = FORMATS.find((format) => format.name === name) ?? defined.get(name);
  if (known !== undefined) return known;
  if (isModuleFile(name)) {
    const { loadFormat } = await import('./userFormat.js');
    const format = await loadFormat(name);
    rememberFormat(format);
    return format;
  }
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
