/** Runs as a store holds them, made without a model: answers follow from the row's number and the seed. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { presets } from '../../../src/config/presets.js';
import { resolveTrainConfig, type TrainRaw } from '../../../src/config/train.js';
import { loadSplit, resolveDataset, withClasses } from '../../../src/data/index.js';
import type { Example, SplitSpec } from '../../../src/data/types.js';
import type { TrainDocument } from '../../../src/metrics/index.js';
import { openStore, type Prediction, type Store } from '../../../src/store/index.js';
import { trainDocumentOf } from './trainDocumentOf.js';

export interface FakeRun {
  /** Where the store and data files go. */
  folder: string;
  settings: TrainRaw;
  /** Steps that metrics are written for. */
  steps?: number;
  /** Old stores: metrics hold no accuracy. */
  withoutAccuracy?: boolean;
  /** How often each model is right. */
  skill?: { weak: number; student: number; ceiling: number; zeroShot: number | null };
  /** The supervision says nothing of the test set. */
  weakOnTransfer?: boolean;
}

const SKILL = { weak: 0.6, student: 0.72, ceiling: 0.85, zeroShot: null };

/** Writes a CSV file of texts and labels. @returns its path */
export function writeCsv(
  folder: string,
  name: string,
  rows: readonly (readonly [text: string, label: string])[],
): string {
  const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;
  const lines = rows.map(([text, label]) => `${quoted(text)},${quoted(label)}`);
  writeFileSync(join(folder, name), `text,label\n${lines.join('\n')}\n`);
  return join(folder, name);
}

/** Fills a store as `train` would. */
export async function fakeRun(run: FakeRun): Promise<{ store: Store; document: TrainDocument }> {
  const store = openStore(join(run.folder, 'results'));
  const resolved = await withClasses(
    await resolveDataset({ dataset: 'chess-puzzles', ...requestOf(run.settings) }),
  );
  const { task } = resolved;
  const config = resolveTrainConfig({ out: store.root, ...run.settings }, presets, task);
  const data: SplitSpec = {
    dataset: resolved.spec,
    part: 'test',
    seed: 0,
    dataSeed: config.dataSeed,
    trainSize: null,
    testSize: config.testSize,
  };
  const { rows } = await loadSplit(data, task, resolved.locations, { labels: true });
  const skill = run.skill ?? SKILL;
  const spec = { kind: 'evaluate', data, reading: { task } };
  for (const seed of config.seeds) {
    const write = async (role: string, share: number): Promise<void> => {
      await store.writePredictions(
        `${role}-${seed}`,
        rows.map((row, i) => prediction(row, i, share, role, seed, rows)),
      );
      await store.writeStep(`${role}-${seed}`, JSON.stringify(spec), {
        package: '0.0.0',
        libtorch: '2.13.0',
      });
    };
    await write('studentTest', skill.student);
    await write('ceilingTest', skill.ceiling);
    if (!run.weakOnTransfer) await write('weakTest', skill.weak);
    if (skill.zeroShot !== null) await write('zeroShot', skill.zeroShot);
    const trained = run.weakOnTransfer ? ['student', 'ceiling'] : ['weak', 'student', 'ceiling'];
    for (const role of trained) await writeMetrics(store, `${role}-${seed}`, run);
    await store.writeStep(`student-${seed}`, '{"kind":"finetune","objective":{"loss":"xent"}}', {
      package: '0.0.0',
      libtorch: '2.13.0',
    });
  }
  return { store, document: await trainDocumentOf(store, config, run) };
}

function requestOf({ dataset, data, testData, text, label }: TrainRaw) {
  const request = {
    dataset: dataset ?? (data === undefined ? undefined : 'columns'),
    data,
    testData,
    text,
    label,
  };
  return Object.fromEntries(Object.entries(request).filter(([, value]) => value !== undefined));
}

/** A number from 0 to 1 that looks like chance and is none. */
export function noise(...parts: readonly (string | number)[]): number {
  let hash = 2166136261;
  for (const character of parts.join(' ')) hash = Math.imul(hash ^ character.charCodeAt(0), 16777619);
  hash = Math.imul(hash ^ (hash >>> 15), 2246822507);
  hash = Math.imul(hash ^ (hash >>> 13), 3266489909);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}

function prediction(
  row: Example,
  i: number,
  share: number,
  role: string,
  seed: number,
  rows: readonly Example[],
): Prediction {
  const right = noise(row.id, role, seed) < share;
  const base = { id: row.id, split: 'test', ...(row.group === row.id ? {} : { group: row.group }) };
  if (row.label === undefined) {
    const truth = row.completions?.[0] ?? '';
    const other = rows[(i + 1 + Math.floor(noise(row.id, role) * 7)) % rows.length]?.completions?.[0] ?? '';
    return { ...base, label: truth, text: right ? truth : other };
  }
  const classes = row.label.length;
  const truth = row.label.indexOf(1);
  const answer = right ? truth : (truth + 1) % classes;
  const sure = 0.3 + 3 * noise(row.id, role, seed, 'sure');
  return { ...base, label: truth, logits: row.label.map((_, k) => (k === answer ? sure : 0)) };
}

async function writeMetrics(
  store: Store,
  hash: string,
  { steps = 60, withoutAccuracy }: FakeRun,
): Promise<void> {
  const log = await store.openMetrics(hash, 0);
  for (let step = 0; step < steps; step++) {
    const progress = step / steps;
    const line = {
      step,
      loss: 0.3 + 0.4 * (1 - progress) + 0.2 * noise(hash, step),
      accuracy: 0.5 + 0.3 * progress + 0.1 * noise(hash, step, 'accuracy'),
      gradNorm: 1,
      lr: 1e-4,
      examples: 32,
      tokens: 320,
      tokensPerSecond: 1,
      seconds: 1,
    };
    const { accuracy: _, ...old } = line;
    log.append(withoutAccuracy ? (old as typeof line) : line);
  }
  log.close();
}
