import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { W2sError } from '../../errors.js';
import { assetsFolder } from '../assets.js';
import { PREFERENCE_CLASSES } from '../preference.js';
import type { TaskKind } from '../types.js';
import { bindColumns, type ColumnNames, USUAL_NAMES } from './columns.js';
import type { Bound } from './fields.js';
import type { DatasetFormat, ReadRequest, RecordReader } from './format.js';
import { bindPreference } from './preferencePairs.js';

/** `assets/data/<name>/dataset.json`: what a built-in data set is. */
export interface BuiltInDataset {
  name: string;
  task: TaskKind;
  /** Class names by index; absent for `completion`. */
  classes?: readonly string[];
  description: string;
  /** What it shows: `positive`, `negative` (the student takes over most of its supervisor's mistakes), … */
  case: string;
  /** Where column names differ from the usual ones. */
  columns?: Partial<ColumnNames>;
  /** What judges written answers, where equality with the truth is not all there is to it. */
  judge?: keyof typeof JUDGES;
  folder: string;
}

/** The judges that a built-in data set may name. */
const JUDGES = {
  'chess-line': async () => (await import('../chess/judge.js')).judgeLine,
  'chess-score': async () => (await import('../chess/judge.js')).judgeScore,
} satisfies Record<string, NonNullable<DatasetFormat['judge']>>;

const TASKS: readonly TaskKind[] = ['classification', 'completion', 'preference'];

const dataFolder = (): string => join(assetsFolder(), 'data');

/** Names of all built-in data sets, sorted. */
export async function builtInNames(): Promise<readonly string[]> {
  const entries = await readdir(dataFolder(), { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
}

/** A built-in data set by name; undefined where there is none. Throws ERR_DATA where its description is broken. */
export async function builtInDataset(name: string): Promise<BuiltInDataset | undefined> {
  if (!(await builtInNames()).includes(name)) return undefined;
  const folder = join(dataFolder(), name);
  try {
    const parsed = JSON.parse(await readFile(join(folder, 'dataset.json'), 'utf8')) as Omit<
      BuiltInDataset,
      'folder'
    >;
    if (!TASKS.includes(parsed.task)) throw new Error(`unknown task ${String(parsed.task)}`);
    if (parsed.judge !== undefined && !Object.hasOwn(JUDGES, parsed.judge)) {
      throw new Error(`unknown judge ${String(parsed.judge)}`);
    }
    return { ...parsed, name, folder };
  } catch (cause) {
    throw new W2sError(
      'ERR_DATA',
      `Expected a description of the data set ${name} in ${folder}/dataset.json.`,
      {
        cause,
        hint: 'Install the package again: npm ci',
      },
    );
  }
}

/**
 * The format of a built-in data set: the reader of `columns` or of pairs, with its task, classes and names. Files
 * of the user's that are read as chess have to hold legal games; the shipped ones do.
 */
export function builtInFormat(dataset: BuiltInDataset): DatasetFormat {
  const { name, description: about, task, judge, folder } = dataset;
  const names = { ...USUAL_NAMES, ...dataset.columns };
  const isPreference = task === 'preference';
  const classes = isPreference ? PREFERENCE_CLASSES : (dataset.classes ?? []);
  const bindTable = (source: Bound, request: ReadRequest): RecordReader =>
    isPreference ? bindPreference(source, request, name) : bindColumns(source, { ...request, task }, names);
  return {
    name,
    about,
    task,
    ...(classes.length > 0 ? { classes } : {}),
    ...(judge === undefined ? {} : { judge: JUDGES[judge] }),
    bind(source, request) {
      const reader = bindTable(source, request);
      const isShipped = dirname(resolve(source.file)) === resolve(folder);
      return judge === undefined || isShipped ? reader : checkingGames(reader);
    },
  };
}

async function checkingGames(reader: RecordReader): Promise<RecordReader> {
  const { withLegalGames } = await import('../chess/legalGames.js');
  return withLegalGames(reader);
}
