/** Whether a gap recovered is owed to what the strong model has read before: PGR on overlapping and on clean items. */

import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { createGunzip } from 'node:zlib';
import { loadSplit } from '../../data/index.js';
import type { Example, FileLocations } from '../../data/types.js';
import { W2sError } from '../../errors.js';
import type { ArmsPlan } from '../../experiments/analyses/arms.js';
import type { EvaluateSpec, PlanStep } from '../../experiments/plan.js';
import type { TrainRoles } from '../../experiments/train.js';
import { type AnalysisRow, compareModels, type ModelOutcome, OverlapFinder } from '../../metrics/index.js';
import type { Store } from '../../store/index.js';
import { groupOf, type Lines, outcome, readLines } from '../outcomes.js';
import type { Findings } from './findings.js';

export interface LeakageInputs {
  corpus: string;
  ngram: number;
  locations: FileLocations;
}

export async function leakageFindings(
  store: Store,
  plan: ArmsPlan<TrainRoles>,
  inputs: LeakageInputs,
): Promise<Findings> {
  const seeds = plan.arms[0]?.seeds ?? [];
  const found = await overlaps(plan, inputs);
  const models = await Promise.all(
    seeds.map(async ({ roles }) => ({
      weak: await readLines(store, roles.weakTest),
      student: await readLines(store, roles.studentTest),
      ceiling: await readLines(store, roles.ceilingTest),
    })),
  );
  const rows = [
    part('all', models, () => true),
    part('overlapping', models, (line) => found.get(line.id) === true),
    part('clean', models, (line) => found.get(line.id) !== true),
  ];
  return {
    rowTitle: 'test items',
    columns: [
      { key: 'items', title: 'items', unit: 'count' },
      { key: 'weak', title: 'weak', unit: 'share' },
      { key: 'student', title: 'student', unit: 'share' },
      { key: 'ceiling', title: 'ceiling', unit: 'share' },
      { key: 'pgr', title: 'PGR', unit: 'number' },
    ],
    rows,
    charted: ['student', 'ceiling'],
    facts: [],
    reading:
      `A test item overlaps when a run of ${inputs.ngram} of its words (letters and digits, in lower case; all of them where it has fewer) stands in one ` +
      'document of the corpus. If the student owed its gain to having read the items, PGR would be larger on the overlapping part. ' +
      'Overlapping items may be easier or harder for other reasons, so compare PGR, which has weak and ceiling of the same items in it, before accuracies.',
    says: sentence(rows),
  };
}

/** Which test items overlap, by id. */
async function overlaps(
  { arms, steps }: ArmsPlan<TrainRoles>,
  { corpus, ngram, locations }: LeakageInputs,
): Promise<ReadonlyMap<string, boolean>> {
  const hash = arms[0]?.seeds[0]?.roles.studentTest;
  const step = steps.find((one) => one.hash === hash) as PlanStep<EvaluateSpec> | undefined;
  if (!step) throw new TypeError('a plan without a test of the student');
  const { data, reading } = step.spec;
  const { rows } = await loadSplit(data, reading.task, locations, { labels: true });
  const texts = rows.flatMap((row) => wholeTexts(row).map((text) => ({ id: row.id, text })));
  const finder = new OverlapFinder(
    texts.map(({ text }) => text),
    ngram,
  );
  for await (const line of linesOf(corpus)) finder.add(line);
  const found = new Set(texts.flatMap(({ id }, i) => (finder.found[i] === 1 ? [id] : [])));
  return new Map(rows.map(({ id }) => [id, found.has(id)]));
}

/** What a model may have read of an item: its text, or its prompt with an answer, of preferences with either. */
export function wholeTexts({
  text,
  prompt = '',
  completions,
}: Pick<Example, 'text' | 'prompt' | 'completions'>): string[] {
  if (text !== undefined) return [text];
  return completions === undefined ? [prompt] : completions.map((answer) => `${prompt} ${answer}`);
}

async function* linesOf(file: string): AsyncGenerator<string> {
  const source = createReadStream(file);
  const input = file.endsWith('.gz') ? source.pipe(createGunzip()) : source;
  const failed = new Promise<never>((_, reject) => {
    source.on('error', (cause: unknown) => reject(unreadable(file, cause)));
    input.on('error', (cause: unknown) => reject(unreadable(file, cause)));
  });
  // Whoever stops reading early has no use for an error that comes later.
  failed.catch(() => {});
  const lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })[Symbol.asyncIterator]();
  for (;;) {
    const next = await Promise.race([lines.next(), failed]);
    if (next.done === true) return;
    yield next.value;
  }
}

function unreadable(file: string, cause: unknown): W2sError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new W2sError('ERR_DATA', `Expected a text file for --corpus but received ${file}: ${why}`, {
    cause,
    hint: `See what is there: ls -l ${file}`,
  });
}

type Models = Readonly<Record<'weak' | 'student' | 'ceiling', Lines>>;

function part(
  name: string,
  seeds: readonly Models[],
  belongs: (line: Lines[number]) => boolean,
): AnalysisRow {
  const items = (seeds[0]?.student ?? []).filter(belongs);
  if (items.length === 0) return { name, values: { items: { value: 0, ci95: null } }, note: 'no items' };
  const only = (lines: Lines): ModelOutcome => outcome(lines.filter(belongs));
  const compared = compareModels({
    seeds: seeds.map(({ weak, student, ceiling }) => ({
      weak: only(weak),
      student: only(student),
      ceiling: only(ceiling),
    })),
    groups: items.map(groupOf),
  });
  const score = ({ accuracy, ci95 }: { accuracy: number; ci95: readonly [number, number] }) => ({
    value: accuracy,
    ci95,
  });
  const { pgr } = compared;
  return {
    name,
    values: {
      items: { value: items.length, ci95: null },
      weak: score(compared.weak),
      student: score(compared.student),
      ceiling: score(compared.ceiling),
      pgr: pgr.value === null ? null : { value: pgr.value, ci95: pgr.ci95 },
    },
    ...(pgr.reason === null ? {} : { note: `no PGR: ${pgr.reason}` }),
  };
}

function sentence(rows: readonly AnalysisRow[]): string {
  const pgrOf = (name: string) => rows.find((row) => row.name === name)?.values.pgr ?? null;
  const count = rows.find(({ name }) => name === 'overlapping')?.values.items?.value ?? 0;
  const all = rows.find(({ name }) => name === 'all')?.values.items?.value ?? 0;
  const start = `${count} of ${all} test items overlap with the corpus.`;
  const [leaked, clean] = [pgrOf('overlapping'), pgrOf('clean')];
  if (leaked === null || clean === null)
    return `${start} PGR is not defined on both parts, so they cannot be compared.`;
  const apart =
    leaked.ci95 !== null &&
    clean.ci95 !== null &&
    (leaked.ci95[0] > clean.ci95[1] || clean.ci95[0] > leaked.ci95[1]);
  const values = `${leaked.value.toFixed(2)} on them, ${clean.value.toFixed(2)} on the clean part`;
  return apart
    ? `${start} PGR differs: ${values}, with intervals that do not meet.`
    : `${start} PGR is ${values}; their intervals meet, so no difference is shown.`;
}
