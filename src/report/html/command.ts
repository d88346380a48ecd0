/** The command that repeats an experiment, from its resolved configuration. */

import { kebab, prefixed } from '../../config/case.js';
import { type ModelKeyName, modelKeys, type TrainRaw, trainKeys } from '../../config/keys.js';
import { parseLayer } from '../../config/layers.js';
import { concernsLoss, LOSS_SETTINGS, type LossSetting } from '../../config/loss.js';
import { taskOf } from '../../config/model.js';
import { presets } from '../../config/presets.js';
import { allTrainKeys, resolveTrainConfig, type TrainConfig } from '../../config/train.js';

type Values = Record<string, unknown>;

/** Settings in the order in which a command reads best; what is new comes last. */
const FIRST_KEYS = [
  'dataset',
  'data',
  'testData',
  'weakData',
  'transferData',
  'weakLabels',
  'text',
  'label',
  'header',
  'skipBadRows',
  'weak',
  'strong',
  'trainSize',
  'testSize',
  'dataSeed',
  'device',
  'threads',
  'microBatchTokens',
  'sharePrefixes',
  'cudaGraphs',
  'checkpointEvery',
  'deterministic',
  'keepModels',
];

const MODEL_KEYS = Object.keys(modelKeys);
const PLAIN_KEYS = [...new Set([...FIRST_KEYS, ...Object.keys(trainKeys)])].filter(
  (key) => !MODEL_KEYS.includes(key) && key !== 'seed' && key !== 'out',
);

/**
 * The fewest settings that resolve to this configuration, `out` aside: each is left out in turn, and stays
 * out where the rest says the same.
 *
 * @returns null where no settings of this version give it, as with a configuration of an older one
 */
export function settingsOf(config: TrainConfig): TrainRaw | null {
  const wanted = comparable(config);
  const same = (values: Values): boolean => comparable(resolved(values, config)) === wanted;
  let values = everySetting(config);
  if (!same(values)) return null;
  for (const key of Object.keys(values)) {
    const { [key]: _, ...rest } = values;
    if (same(rest)) values = rest;
  }
  return values as TrainRaw;
}

const CALL = { kind: 'call', command: 'train' } as const;

/** A loss or a relabelling of the user's own, as a resolved configuration has it. */
interface ModuleValue {
  file?: string;
  params: Readonly<Values>;
}

function isModule(value: unknown): value is ModuleValue {
  return typeof value === 'object' && value !== null && 'params' in value && 'source' in value;
}

/** Null where settings contradict each other. */
function resolved(values: Values, config: TrainConfig): TrainConfig | null {
  const { head, loss } = config.forStrong;
  const task = Object.hasOwn(presets, config.dataset) ? undefined : taskOf(loss, head);
  try {
    const modules = Object.entries(values).filter(([, value]) => isModule(value));
    const rest = Object.entries(values).filter(([, value]) => !isModule(value));
    const layer = parseLayer<TrainRaw>(allTrainKeys, Object.fromEntries(rest), CALL);
    const said = { ...layer.values, ...Object.fromEntries(modules) };
    return resolveTrainConfig([{ ...layer, values: said }], presets, task);
  } catch {
    return null;
  }
}

/** Equal texts for equal configurations; where the store lies is no part of an experiment. */
function comparable(config: TrainConfig | null): string {
  if (config === null) return '';
  const { out: _, ...rest } = config;
  return JSON.stringify(sorted(rest));
}

function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  );
}

const LOSS_KEYS: readonly string[] = LOSS_SETTINGS;

/** Parameters of losses are of the student alone, and refused beside a loss that they mean nothing for. */
function isLossKey(key: string): key is LossSetting {
  return LOSS_KEYS.includes(key);
}

/**
 * All that can be said, what is dropped most gladly first: settings of one model, then those of both, then
 * the rest from the end.
 */
function everySetting(config: TrainConfig): Values {
  const { forWeak, forStrong } = config;
  const sides: Values = {};
  const both: Values = {};
  // What others follow comes first in the list, and so is dropped last: `lr` after `headLr`, the loss after all.
  for (const key of (Object.keys(modelKeys) as ModelKeyName[]).toReversed()) {
    const [weak, named] = [forWeak[key], forStrong[key]];
    const strong = key === 'loss' ? (forStrong.customLoss ?? named) : named;
    const ofStudent = key === 'loss' || isLossKey(key);
    if (isLossKey(key) && !concernsLoss(key, forStrong.loss)) continue;
    // The supervisor's settings know nothing of them: no need to name the student.
    const ownedByStudent = isLossKey(key) && weak === undefined;
    if (strong !== null && (weak === strong || key === 'loss' || ownedByStudent)) both[key] = strong;
    if (weak === strong || key === 'loss' || ownedByStudent) continue;
    if (weak !== null && !ofStudent) sides[prefixed('weak', key)] = weak;
    if (strong !== null) sides[prefixed('strong', key)] = strong;
  }
  const plain: Values = {};
  for (const key of PLAIN_KEYS.toReversed()) {
    const value = (config as unknown as Values)[key];
    if (value !== undefined && value !== null && value !== '') plain[key] = value;
  }
  return { ...sides, ...both, seed: config.seeds, ...plain };
}

/** Flags and values of `train`, as a shell hands them over. */
export function argumentsOf(settings: TrainRaw): string[] {
  const order = [...PLAIN_KEYS, 'seed', ...MODEL_KEYS];
  const bare = (key: string): string => key.replace(/^(?:weak|strong)(?=[A-Z])/, '').toLowerCase();
  const rank = (key: string): number => {
    const exact = order.indexOf(key);
    return exact === -1 ? order.findIndex((one) => one.toLowerCase() === bare(key)) + 0.5 : exact;
  };
  return Object.entries(settings as Values)
    .filter(([, value]) => value !== undefined)
    .sort(([a], [b]) => rank(a) - rank(b))
    .flatMap(([key, value]) => flag(key, value));
}

function flag(key: string, value: unknown): string[] {
  const name = `--${kebab(key)}`;
  if (isModule(value)) return [name, value.file ?? '', ...Object.entries(value.params).flatMap(paramFlag)];
  if (value === true) return [name];
  if (value === false) return [`--no-${kebab(key)}`];
  const text = Array.isArray(value) ? value.join(',') : String(value);
  // What begins with a dash would be taken for another flag.
  return text.startsWith('-') ? [`${name}=${text}`] : [name, text];
}

/** Parameters of a module are flags of their own; lists stand there as JSON. */
function paramFlag([key, value]: [string, unknown]): string[] {
  return flag(key, typeof value === 'object' && value !== null ? JSON.stringify(value) : value);
}

/** The command as one types it; null where there is none, see `settingsOf`, and where a call brought code. */
export function commandOf(config: TrainConfig): string | null {
  const settings = settingsOf(config);
  const fromCall = Object.values(settings ?? {}).some((value) => isModule(value) && value.file === undefined);
  return settings === null || fromCall
    ? null
    : ['npx w2s-native train', ...argumentsOf(settings).map(quoted)].join(' ');
}

/**
 * An argument for a POSIX shell. Control characters and those that turn the direction of writing are spelt
 * out (`$'…'`, as bash and zsh read it), so that a command is what it looks like.
 */
export function quoted(argument: string): string {
  if (/^[\w@%+=:,./-]+$/.test(argument)) return argument;
  if (!/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(argument)) return `'${argument.replaceAll("'", "'\\''")}'`;
  const spelt = argument
    .replace(/[\\']/g, (character) => `\\${character}`)
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => bytesOf(character));
  return `$'${spelt}'`;
}

function bytesOf(character: string): string {
  return [...Buffer.from(character)].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');
}
