/** From names to hashes: models, data files, classes. Reads rows only where the classes are not known yet. */

import { hashFile } from '../config/fileHash.js';
import { displayPath } from '../data/badRow.js';
import { isSafetensors } from '../data/features.js';
import { localFile } from '../data/hub/file.js';
import {
  type DatasetRequest,
  readSafetensors,
  resolveDataset,
  structureOf,
  withClasses,
} from '../data/index.js';
import { checkDataFile, openSource } from '../data/sources/index.js';
import type { FileLocations, ResolvedDataset } from '../data/types.js';
import { W2sError } from '../errors.js';
import type { DataShape } from '../experiments/settings.js';
import type { ResolvedModel } from '../models/index.js';

export interface FoundData extends DataShape {
  spec: ResolvedDataset['spec'];
  locations: FileLocations;
}

type DatasetFields = Required<DatasetRequest>;

/** The fields of a configuration that say where data lies. */
export function datasetRequest(config: Partial<DatasetFields>): DatasetRequest {
  const request: DatasetRequest = {
    ...(config.header === undefined ? {} : { header: config.header }),
    ...(config.skipBadRows === true ? { skipBadRows: true } : {}),
    ...(config.noText === true ? { noText: true } : {}),
  };
  for (const key of ['dataset', 'data', 'testData', 'weakData', 'transferData', 'text', 'label'] as const) {
    const value = config[key];
    if (value !== undefined) request[key] = value;
  }
  return request;
}

export interface ClassSources {
  /** Models whose folders may name classes, the one that counts most first. */
  models: readonly ResolvedModel[];
  /** Rows are read without labels: a folder's own classes go before those of the data. */
  unlabelled?: boolean;
  /** Of unlabelled rows: one word a class between commas, which name the classes where nothing else does. */
  answers?: string;
  /** No classes are wanted at all. */
  none?: boolean;
  /** Rows are read a window at a time, and none are kept. */
  streamed?: boolean;
}

/** Finds a data set and its classes. */
export async function findData(request: DatasetRequest, sources: ClassSources): Promise<FoundData> {
  const found = await resolveDataset(request);
  const { task, locations } = found;
  const spec = sources.none || task === 'completion' ? found.spec : await specWithClasses(found, sources);
  const structure = await structureOf(spec.format);
  return { task, classes: spec.classes ?? [], spec, locations, ...(structure ? { structure } : {}) };
}

async function specWithClasses(
  found: ResolvedDataset,
  sources: ClassSources,
): Promise<ResolvedDataset['spec']> {
  const { models, unlabelled, answers, streamed } = sources;
  // A reward's folder names no classes of its preferences.
  if (found.task === 'preference') return (await withClasses(found, { streamed })).spec;
  const classifier = models.find((model) => model.classifier && model.label2id !== undefined);
  if (unlabelled && classifier?.label2id) return { ...found.spec, classes: namesOf(classifier.label2id) };
  const label2id = models.find((model) => model.label2id !== undefined)?.label2id;
  const named = withClasses(found, { label2id, streamed });
  if (!unlabelled) return (await named).spec;
  const byAnswers = answers && { ...found, spec: { ...found.spec, classes: wordsOf(answers) } };
  return (await named.catch((cause: unknown) => byAnswers || refuseHeadless(cause, models))).spec;
}

const wordsOf = (answers: string): string[] => answers.split(',').map((word) => word.trim());

/** Without a head of the model's own, only labels beside the rows could say what classes there are. */
function refuseHeadless(cause: unknown, [model]: readonly ResolvedModel[]): never {
  const name = model?.name ?? 'MODEL';
  const why = cause instanceof Error ? cause.message : String(cause);
  throw new W2sError(
    'ERR_CONFIG',
    `Expected a model with a classification head, or labels that say what classes there are, but ${name} has no head, and of labels: ${why}`,
    { cause, hint: `Train a head first: npx w2s-native finetune --model ${name} --data LABELLED_FILE` },
  );
}

function namesOf(label2id: Readonly<Record<string, number>>): string[] {
  const names: string[] = [];
  for (const [name, id] of Object.entries(label2id)) names[id] = name;
  return names;
}

/** sha256 of a file of labels from outside, and where it lies. */
export async function findSupervision(file: string): Promise<{ sha256: string; locations: FileLocations }> {
  const path = await localFile(file, '--weak-labels');
  await checkDataFile(path);
  const sha256 = await hashFile(path);
  return { sha256, locations: { [sha256]: path } };
}

/**
 * sha256 of a table of features, and where it lies. Its rows are read by the steps that use them. With several files of data, each must name its rows: a row number is no name across files.
 */
export async function findFeatures(
  file: string,
  flag: '--weak-features' | '--strong-features',
  { spec, locations }: Pick<FoundData, 'spec' | 'locations'>,
): Promise<{ sha256: string; locations: FileLocations }> {
  const path = await localFile(file, flag);
  if (isSafetensors(path)) await readSafetensors(path, []);
  else await checkDataFile(path);
  const files = Object.values(spec.files).flatMap((sha256) => locations[sha256] ?? []);
  for (const one of files.length > 1 ? files : []) await requireIds(one, flag);
  const sha256 = await hashFile(path);
  return { sha256, locations: { [sha256]: path } };
}

async function requireIds(file: string, flag: string): Promise<void> {
  const { columns } = await openSource(file);
  if (columns.includes('id')) return;
  throw new W2sError(
    'ERR_DATA',
    `Expected a column "id" in ${displayPath(file)} beside ${flag}, as the data lie in several files, but received ${columns.map((name) => `"${name}"`).join(', ')}.`,
    { hint: 'Name every row in a column "id", or give all rows in one file: --data FILE' },
  );
}
