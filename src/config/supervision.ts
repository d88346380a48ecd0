/** What the student learns from, resolved: fields that are of no effect are absent. */
import type { Raw } from './key.js';
import { type Found, type Layers, nameOf, settingError } from './layers.js';
import type { TaskName } from './model.js';
import type { supervisionKeys } from './supervisionKeys.js';

export type FilterName = 'confident' | 'knn' | 'logistic' | 'topological';

/** A relabelling of the user's own, bound to its parameters (`bindRelabel`): what a plan needs to know of it. */
export interface CustomRelabel {
  name: string;
  /** sha256 of its code. */
  source: string;
  params: Readonly<Record<string, unknown>>;
  /** What it reads beside the labels. */
  needs: readonly ('zeroShot' | 'hidden')[];
  /** As it was named; absent where a call brought the relabelling itself. */
  file?: string;
}

/** Of `TrainConfig`. */
export interface SupervisionConfig {
  /** Supervisors of each weak model; present where there are several supervisors in all. */
  ensemble?: number;
  ensembleWeights?: 'mean' | 'adaboost';
  /** Absent: the weak supervisor labels the transfer half. */
  supervisor?: 'zero-shot' | 'consistent' | 'mutual';
  filter?: FilterName;
  /** Share of each class; absent with `topological`. */
  filterKeep?: number;
  /** With `knn` and `topological` alone. */
  filterNeighbours?: number;
  /** Comes before the filter. */
  relabel?: CustomRelabel;
}

/** Settings read here, and those that they are held against. */
type SupervisionRaw = Raw<typeof supervisionKeys> & {
  weakLabels?: string | undefined;
  strongFeatures?: string | undefined;
  /** The loaded relabelling, in the place of its file's name. */
  relabel?: unknown;
};

const FILTER_KEEP = 0.5;
const FILTER_NEIGHBOURS = 20;

/** The models of `--weak a,b,c`; none where something stands in for them. */
export function weakModelsOf({ weak }: { weak: string }): readonly string[] {
  return weak.split(',').flatMap((name) => (name.trim() === '' ? [] : [name.trim()]));
}

/**
 * @param weak as `--weak` names the models
 * @param task absent: not known yet
 * @throws ERR_USAGE or ERR_CONFIG where settings contradict each other, or have no meaning for the task.
 */
export function resolveSupervision(
  settings: Layers<SupervisionRaw>,
  weak: string,
  task: TaskName | undefined,
): SupervisionConfig {
  return {
    ...resolveEnsemble(settings, weak, task),
    ...resolveSupervisor(settings, task),
    ...resolveRelabel(settings, task),
    ...resolveFilter(settings, task),
  };
}

function resolveEnsemble(
  settings: Layers<SupervisionRaw>,
  weak: string,
  task: TaskName | undefined,
): SupervisionConfig {
  const size = settings.find('ensemble');
  const weights = settings.find('ensembleWeights');
  refuseBeside(settings, size ?? weights, 'weakLabels', 'whose supervisor is not trained here');
  const models = Math.max(1, weakModelsOf({ weak }).length);
  if (models * (size?.value ?? 1) < 2) {
    if (weights === undefined) return {};
    throw settingError(
      weights.origin,
      `Expected several supervisors for ${nameOf(weights.key, weights.origin)} but received one.`,
      'Add more: --ensemble 3',
    );
  }
  if (weights?.value === 'adaboost' && task === 'completion') {
    throw settingError(
      weights.origin,
      `Expected data with classes or preferences for ${nameOf(weights.key, weights.origin)} adaboost but received completions: AdaBoost's weights need a number of classes.`,
      'Leave it out: completions are decided by vote',
    );
  }
  return { ensemble: size?.value ?? 1, ensembleWeights: weights?.value ?? 'mean' };
}

function resolveSupervisor(settings: Layers<SupervisionRaw>, task: TaskName | undefined): SupervisionConfig {
  const found = settings.find('supervisor');
  if (found === undefined || found.value === 'weak') return {};
  refuseBeside(settings, found, 'weakLabels', 'which stand in for any supervisor');
  refuseBeside(settings, found, 'strongFeatures', 'as only a model has answers before any training');
  if (task === 'completion' && found.value !== 'zero-shot') {
    throw settingError(
      found.origin,
      `Expected zero-shot for ${nameOf(found.key, found.origin)} on completions but received "${found.value}": texts have no probabilities to make consistent.`,
      'Try: --supervisor zero-shot',
    );
  }
  return { supervisor: found.value };
}

function resolveRelabel(settings: Layers<SupervisionRaw>, task: TaskName | undefined): SupervisionConfig {
  const found = settings.find('relabel');
  if (typeof found?.value !== 'object' || found.value === null) return {};
  const relabel = found.value as CustomRelabel;
  if (relabel.needs.includes('zeroShot'))
    refuseBeside(settings, found, 'strongFeatures', 'as only a model has answers before any training');
  if (task !== 'completion') return { relabel };
  throw settingError(
    found.origin,
    `Expected data with classes or preferences for the relabelling ${relabel.name} but received completions: a relabelling sees probabilities.`,
    'Use data with classes: --dataset chess-legal',
  );
}

function resolveFilter(settings: Layers<SupervisionRaw>, task: TaskName | undefined): SupervisionConfig {
  const filter = settings.find('filter');
  const keep = settings.find('filterKeep');
  const neighbours = settings.find('filterNeighbours');
  if (filter && task === 'completion') {
    throw settingError(
      filter.origin,
      `Expected data with classes or preferences for ${nameOf(filter.key, filter.origin)} but received completions: texts have no class to keep a share of.`,
      'Leave it out, or use data with classes: --dataset chess-legal',
    );
  }
  refuseIdle(keep, filter, ['confident', 'knn', 'logistic']);
  refuseIdle(neighbours, filter, ['knn', 'topological']);
  if (filter === undefined) return {};
  const { value } = filter;
  return {
    filter: value,
    ...(value === 'topological' ? {} : { filterKeep: keep?.value ?? FILTER_KEEP }),
    ...(value === 'knn' || value === 'topological'
      ? { filterNeighbours: neighbours?.value ?? FILTER_NEIGHBOURS }
      : {}),
  };
}

/** A setting of some filters, beside another filter or none. */
function refuseIdle(
  found: Found<unknown> | undefined,
  filter: Found<FilterName> | undefined,
  of: readonly FilterName[],
): void {
  if (found === undefined || (filter && of.includes(filter.value))) return;
  throw settingError(
    found.origin,
    `Expected the filter ${of.slice(0, -1).join(', ')} or ${of.at(-1)} with ${nameOf(found.key, found.origin)} but received ${filter ? `the filter ${filter.value}` : 'none'}.`,
    `Leave it out, or: --filter ${of[1]}`,
  );
}

function refuseBeside(
  settings: Layers<SupervisionRaw>,
  found: Found<unknown> | undefined,
  key: 'weakLabels' | 'strongFeatures',
  why: string,
): void {
  const other = settings.find(key);
  if (found === undefined || other === undefined) return;
  const [name, otherName] = [nameOf(found.key, found.origin), nameOf(other.key, other.origin)];
  throw settingError(
    found.origin,
    `Expected either ${name} or ${otherName}, ${why}, but received both.`,
    `Leave out ${name}, or ${otherName}.`,
  );
}
