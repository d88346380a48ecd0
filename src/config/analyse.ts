/** The configuration of `analyse`: that of `train`, and what an analysis asks beside it. Pure. */
import { key, type Raw } from './key.js';
import type { TrainRaw } from './keys.js';
import { type Layer, Layers, missing, nameOf, parseLayer, settingError } from './layers.js';
import type { TaskName } from './model.js';
import { type DatasetPreset, presets } from './presets.js';
import { allTrainKeys, resolveTrainConfig, type TrainConfig, type TrainSettings } from './train.js';
import { listOf, nameList, text, wholeNumber } from './values.js';

/** What there is to look at. */
export const ANALYSIS_NAMES = [
  'overfitting',
  'agreement',
  'errors',
  'saliency',
  'calibration',
  'misfit',
  'leakage',
] as const;
type Analysis = (typeof ANALYSIS_NAMES)[number];

/** Settings of `analyse` beside those of `train`. */
const ownKeys = {
  students: key(nameList('models between commas', 'MODEL,MODEL,…'), {
    group: 'Experiment',
    describe: 'agreement, misfit: students to compare, smallest first',
    defaultWords: 'all built-in chess models for built-in data sets, else --strong',
  }),
  corpus: key(text('a text file', 'FILE'), {
    group: 'Data',
    describe: 'leakage: what the strong model was pre-trained on, one document a line (.gz too)',
  }),
  ngram: key(wholeNumber(1, 100), {
    group: 'Data',
    describe: 'leakage: words of a run that count as an overlap',
    default: 8,
  }),
  fewShot: key(wholeNumber(1, 1000), {
    group: 'Experiment',
    describe:
      'saliency: also ask the strong model with so many answered examples in its prompt; it must read prose',
  }),
  checks: key(wholeNumber(2, 10_000), {
    group: 'Experiment',
    describe: 'overfitting: how often in training the held-out rows are scored',
    default: 20,
  }),
} as const;

export const analyseKeys = { ...allTrainKeys, ...ownKeys };

/** What a layer of `analyse` may say. */
export type AnalyseRaw = TrainRaw & Raw<typeof ownKeys>;
/**
 * Settings of `analyse`: the flags in camelCase; `seed` is one seed or several, `students` text or a list.
 * @interface
 */
export type AnalyseSettings = TrainSettings &
  Omit<Raw<typeof ownKeys>, 'students'> & { students?: string | readonly string[] | undefined };

export interface AnalyseConfig {
  analysis: Analysis;
  train: TrainConfig;
  /** agreement, misfit: models that learn from the same supervisor, one after another. */
  students?: readonly string[];
  /** leakage. */
  corpus?: string;
  ngram?: number;
  /** saliency: examples in the prompt. */
  fewShot?: number;
  /** overfitting. */
  checks?: number;
}

/** Which analysis takes which setting of its own. */
const TAKEN_BY: Readonly<Record<keyof typeof ownKeys, readonly Analysis[]>> = {
  students: ['agreement', 'misfit'],
  corpus: ['leakage'],
  ngram: ['leakage'],
  fewShot: ['saliency'],
  checks: ['overfitting'],
};

/** Students of the built-in world, smallest first: all but the usual supervisor. */
const BUILT_IN_STUDENTS = ['chess-s', 'chess-m'];

/**
 * Resolves what was said about an analysis.
 * @throws ERR_USAGE or ERR_CONFIG for an unknown analysis, and settings that it has no use for.
 */
export function resolveAnalyseConfig(
  analysis: string | undefined,
  input: AnalyseSettings | readonly Layer<AnalyseRaw>[],
  known: Readonly<Record<string, DatasetPreset>> = presets,
  task?: TaskName,
): AnalyseConfig {
  const layers = Array.isArray(input)
    ? (input as readonly Layer<AnalyseRaw>[])
    : [parseLayer<AnalyseRaw>(analyseKeys, { ...input }, { kind: 'call', command: 'analyse' })];
  const said = new Layers<AnalyseRaw>(layers, analyseKeys);
  const name = checkName(analysis, said);
  for (const own of Object.keys(TAKEN_BY) as (keyof typeof ownKeys)[]) {
    const found = said.find(own);
    if (found === undefined || TAKEN_BY[own].includes(name)) continue;
    throw settingError(
      found.origin,
      `Expected the analysis ${listOf(TAKEN_BY[own])} with ${nameOf(own, found.origin)} but received ${name}.`,
      'Leave it out.',
    );
  }
  refuseStudentSettings(name, said);
  const train = resolveTrainConfig(layers.map(withoutOwn), known, task);
  return { analysis: name, train, ...ownSettings(name, said, train) };
}

/** Ways to learn that an analysis has students of its own instead of, held against a ceiling that knows no such. */
const OWN_STUDENTS: Readonly<Partial<Record<Analysis, readonly (keyof TrainRaw)[]>>> = {
  agreement: ['strongFeatures'],
  misfit: ['strongFeatures'],
  errors: ['earlyStop', 'rounds', 'filter', 'relabel'],
  overfitting: ['earlyStop', 'rounds', 'method', 'strongMethod', 'strongFeatures'],
  saliency: ['earlyStop', 'rounds', 'method', 'strongMethod', 'strongFeatures'],
};

/** Values that ask for nothing. */
const AS_EVER: Readonly<Partial<Record<keyof TrainRaw, unknown>>> = {
  earlyStop: 'off',
  rounds: 1,
  method: 'finetune',
  strongMethod: 'finetune',
};

function refuseStudentSettings(analysis: Analysis, said: Layers<AnalyseRaw>): void {
  for (const name of OWN_STUDENTS[analysis] ?? []) {
    const found = said.find(name);
    if (found === undefined || found.value === AS_EVER[name]) continue;
    throw settingError(
      found.origin,
      `Expected plain students for the analysis ${analysis} but received ${nameOf(found.key, found.origin)}.`,
      'Leave it out: this analysis trains students of its own, all alike but for what it asks.',
    );
  }
}

function checkName(analysis: string | undefined, said: Layers<AnalyseRaw>): Analysis {
  const name = ANALYSIS_NAMES.find((one) => one === analysis);
  if (name !== undefined) return name;
  throw settingError(
    said.origin,
    `Expected ${listOf(ANALYSIS_NAMES)} for the analysis but received ${analysis ?? 'nothing'}.`,
    'Try: npx w2s-native analyse agreement',
  );
}

function withoutOwn({ origin, values }: Layer<AnalyseRaw>): Layer<TrainRaw> {
  const { students: _s, corpus: _c, ngram: _n, fewShot: _f, checks: _k, ...rest } = values;
  return { origin, values: rest };
}

function ownSettings(
  name: Analysis,
  said: Layers<AnalyseRaw>,
  train: TrainConfig,
): Omit<AnalyseConfig, 'analysis' | 'train'> {
  if (name === 'leakage') {
    const corpus = said.maybe('corpus');
    if (corpus === undefined) throw missing(said.origin, 'corpus', 'for leakage', 'Add --corpus FILE');
    return { corpus, ngram: said.value('ngram') };
  }
  if (name === 'overfitting') return { checks: said.value('checks') };
  if (name === 'saliency') {
    const fewShot = said.maybe('fewShot');
    return fewShot === undefined ? {} : { fewShot };
  }
  if (name !== 'agreement' && name !== 'misfit') return {};
  const students = said.maybe('students');
  if (students !== undefined) return { students };
  const isBuiltIn = Object.hasOwn(presets, train.dataset) && said.maybe('strong') === undefined;
  return { students: isBuiltIn ? BUILT_IN_STUDENTS : [train.strong] };
}
