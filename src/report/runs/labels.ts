/** What to call experiments that stand beside each other: what they share is left out, what differs is said. */
import { kebab } from '../../config/case.js';
import type { TrainDocument } from '../../metrics/index.js';
import { dataName, namesOf } from '../html/names.js';
import { lossOf } from '../trainReport.js';

/** Settings that change no result, or that the label has anyway. */
const UNSAID = new Set(
  'weak strong dataset out device threads microBatchTokens sharePrefixes cudaGraphs checkpointEvery keepModels loss'.split(
    ' ',
  ),
);
/** Settings that tell experiments apart best. */
const FIRST = ['seeds', 'trainSize', 'testSize', 'epochs', 'lr', 'head', 'data', 'testData'];
const MOST_SETTINGS = 3;

export interface NamedExperiment {
  /** The data set, or the file. */
  data: string;
  /** Such as `chess-xs → chess-m`. */
  pair: string;
  /** Loss and what else tells it from the others on these data: `xent, lr 1e-4`. */
  settings: string;
  /** Unlike that of every other experiment on these data; without the pair where all have the same. */
  label: string;
}

/** Names in the order of the documents. */
export function nameExperiments(documents: readonly TrainDocument[]): NamedExperiment[] {
  const named = documents.map((document) => ({
    document,
    data: dataName(document),
    plain: plainLabel(document),
  }));
  const onePair = new Set(named.map(({ document }) => pairOf(document))).size === 1 && documents.length > 1;
  return named.map((one, i) => {
    const isAlike = (other: typeof one): boolean => other.data === one.data && other.plain === one.plain;
    const alike = named.filter(isAlike).map(({ document }) => document);
    const differing = alike.length > 1 ? telling(one.document, alike) : [];
    // Those that are alike in every setting are counted.
    const before = named
      .slice(0, i)
      .filter((other) => isAlike(other) && String(telling(other.document, alike)) === String(differing));
    const count = before.length > 0 ? ` (${before.length + 1})` : '';
    const settings =
      [lossOf(one.document.config) ?? '', ...differing].filter((text) => text !== '').join(', ') + count;
    const pair = pairOf(one.document);
    const label =
      onePair && settings !== '' ? settings : [pair, settings].filter((text) => text !== '').join(', ');
    return { data: one.data, pair, settings, label };
  });
}

function pairOf(document: TrainDocument): string {
  const { weak, strong } = namesOf(document);
  return `${weak} → ${strong}`;
}

const plainLabel = (document: TrainDocument): string =>
  `${pairOf(document)}, ${lossOf(document.config) ?? ''}`;

/** `seeds 0,1,2`, `lr 1e-4`: the settings in which experiments of one name differ. */
function telling(document: TrainDocument, alike: readonly TrainDocument[]): string[] {
  const all = alike.map((one) => settingsOf(one));
  const own = settingsOf(document);
  const differs = (key: string): boolean => new Set(all.map((settings) => settings.get(key) ?? '')).size > 1;
  // What supervisor and student have in common everywhere is said once.
  const common = (key: string): boolean =>
    all.every((settings) => settings.get(`weak ${key}`) === settings.get(`strong ${key}`));
  const keys = [...new Set(all.flatMap((settings) => [...settings.keys()]))]
    .filter(differs)
    .filter((key) => !(key.startsWith('weak ') && common(key.slice('weak '.length))));
  const bare = (key: string): string => key.split(' ').at(-1) ?? key;
  const rank = (key: string): number => {
    const at = FIRST.indexOf(bare(key));
    return at === -1 ? FIRST.length : at;
  };
  const name = (key: string): string =>
    key.startsWith('strong ') && common(bare(key)) ? kebab(bare(key)) : key.split(' ').map(kebab).join(' ');
  return keys
    .sort((a, b) => rank(a) - rank(b))
    .filter((key) => own.has(key))
    .slice(0, MOST_SETTINGS)
    .map((key) => `${name(key)} ${own.get(key)}`);
}

/** Settings as text; those of a model as `weak lr` and `strong lr`. What has no value is left out. */
function settingsOf({ config, seeds }: TrainDocument): Map<string, string> {
  const { forWeak, forStrong, ...rest } = config;
  const settings = new Map<string, string>();
  const add = (side: string, values: Readonly<Record<string, unknown>>): void => {
    for (const [key, value] of Object.entries(values)) {
      if (!UNSAID.has(key) && value !== null && value !== undefined) settings.set(side + key, shown(value));
    }
  };
  add('', { ...rest, seeds: seeds.join(',') });
  add('weak ', fields(forWeak));
  add('strong ', fields(forStrong));
  return settings;
}

const fields = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};

function shown(value: unknown): string {
  if (typeof value === 'number' && value > 0 && value < 1e-3) return value.toExponential();
  if (Array.isArray(value)) return value.map(shown).join(',');
  if (typeof value === 'object' && value !== null) return Object.entries(value).flatMap(shownField).join(' ');
  // A new line as it is typed.
  return String(value).replaceAll('\n', '\\n');
}

/** Of a relabelling or a loss of the user's: its name and parameters; the hash of its code tells a reader nothing. */
function shownField([key, value]: [string, unknown]): string[] {
  if (key === 'source' || key === 'file' || key === 'needs' || value === null || value === undefined)
    return [];
  return [key === 'name' || key === 'params' ? shown(value) : `${kebab(key)} ${shown(value)}`];
}

/** By code unit, the same on every machine: for `sort`. */
export const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
