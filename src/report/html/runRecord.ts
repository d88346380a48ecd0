/** What a store holds of one experiment, as far as its page shows it. Whatever is missing is left out of the page. */

import { type DatasetRequest, loadSplit, resolveDataset } from '../../data/index.js';
import type { Example, FileLocations, SplitSpec, TaskKind } from '../../data/types.js';
import { argmax, type TrainDocument } from '../../metrics/index.js';
import type { Prediction, StepMetrics, Store } from '../../store/index.js';

export type Lines = readonly Prediction[];

export interface SeedRecord {
  seed: number;
  /** Null: the supervision says nothing of the test set. */
  weak: Lines | null;
  student: Lines;
  ceiling: Lines;
  zeroShot: Lines | null;
}

export interface TestTexts {
  rows: ReadonlyMap<string, Example>;
  /** Why there are none. */
  missing: string | null;
}

export interface RunRecord {
  task: TaskKind;
  /** Class names by index; empty for `completion`. */
  classes: readonly string[];
  /** Name of the data's format, such as `chess-legal`. */
  format: string;
  seeds: readonly SeedRecord[];
  /** Metrics of each seed by role; empty where the store has none. */
  curves: Readonly<Record<CurveRoleName, readonly (readonly StepMetrics[])[]>>;
  texts: TestTexts;
  /** Of libtorch, where the student was trained; null where the store does not say. */
  libtorch: string | null;
  /** The name of the student's loss, where it is one written in TypeScript. */
  customLoss: string | null;
}

export type CurveRoleName = 'weak' | 'student' | 'ceiling';

export async function readRunRecord(document: TrainDocument, store: Store): Promise<RunRecord> {
  const seeds: SeedRecord[] = [];
  for (const { seed, steps } of document.perSeed) {
    const read = async (role: string): Promise<Lines | null> =>
      steps[role] === undefined ? null : store.readPredictions(steps[role]);
    const [student, ceiling] = [await read('studentTest'), await read('ceilingTest')];
    if (student === null || ceiling === null) continue;
    const weak = document.weak.on === 'transfer' ? null : await read('weakTest');
    seeds.push({ seed, weak, student, ceiling, zeroShot: await read('zeroShot') });
  }
  const test = await readSpec(store, document.steps.studentTest);
  const data = test.data as SplitSpec | undefined;
  const task = (test.reading as { task?: TaskKind } | undefined)?.task ?? taskOf(seeds);
  const student = await readSpec(store, document.steps.student);
  const objective = student.objective as { loss?: string; name?: string } | undefined;
  return {
    task,
    classes: data?.dataset.classes ?? [],
    format: data?.dataset.format ?? document.config.dataset,
    seeds,
    curves: await readCurves(document, store),
    texts: await readTexts(document, data, task),
    libtorch: await readLibtorch(store, document.steps.student),
    customLoss: objective?.loss === 'custom' ? (objective.name ?? 'custom') : null,
  };
}

/** The likeliest class's index, or the completion: as `steps/evaluate` has it. */
export const answerOf = (line: Prediction): number | string =>
  line.logits ? argmax(line.logits) : (line.text ?? '');

/** As `steps/evaluate` counts it: a data set may take other answers than the truth's for right. A tie is not. */
export const isRight = (line: Prediction): boolean =>
  line.correct === undefined ? answerOf(line) === line.label : line.correct === true;

/** A tie of two is neither right nor wrong. */
export const isTie = (line: Prediction): boolean => line.correct === 0.5;

const taskOf = (seeds: readonly SeedRecord[]): TaskKind =>
  seeds[0]?.student[0]?.logits === undefined ? 'completion' : 'classification';

async function readSpec(store: Store, hash: string | undefined): Promise<Record<string, unknown>> {
  const step = hash === undefined ? null : await store.readStep(hash);
  return (step?.spec ?? {}) as Record<string, unknown>;
}

async function readLibtorch(store: Store, hash: string | undefined): Promise<string | null> {
  const step = hash === undefined ? null : await store.readStep(hash);
  return step?.versions?.libtorch ?? null;
}

async function readCurves({ perSeed }: TrainDocument, store: Store): Promise<RunRecord['curves']> {
  const read = async (role: CurveRoleName) => {
    const found: StepMetrics[][] = [];
    for (const { steps } of perSeed) {
      const hash = steps[role];
      if (hash !== undefined) found.push(await store.readMetrics(hash));
    }
    return found.filter((metrics) => metrics.length > 0);
  };
  return { weak: await read('weak'), student: await read('student'), ceiling: await read('ceiling') };
}

/** The test items' texts, as long as the file with the content that was tested on still lies where it lay. */
async function readTexts(
  { config }: TrainDocument,
  data: SplitSpec | undefined,
  task: TaskKind,
): Promise<TestTexts> {
  const none = (missing: string): TestTexts => ({ rows: new Map(), missing });
  if (data === undefined) return none('the store does not say which data they are');
  let locations: FileLocations;
  try {
    ({ locations } = await resolveDataset(config as DatasetRequest, { fetch: false }));
  } catch {
    return none('the data file was not found where the configuration says it lies');
  }
  if (Object.values(data.dataset.files).some((sha256) => sha256 && locations[sha256] === undefined)) {
    return none('the data file has changed since');
  }
  try {
    const { rows } = await loadSplit(data, task, locations, { labels: true });
    return { rows: new Map(rows.map((row) => [row.id, row])), missing: null };
  } catch {
    return none('the data file could not be read as it was then');
  }
}
