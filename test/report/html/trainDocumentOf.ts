/** The document of a made-up run; the real one comes from execution and wants a whole plan. */
import type { TrainConfig } from '../../../src/config/train.js';
import { answerPair } from '../../../src/execution/outcomes.js';
import {
  accuracyWithInterval,
  agreement,
  argmax,
  compareModels,
  type ModelScore,
  type ScoreSummary,
  TRAIN_SCHEMA,
  type TrainDocument,
} from '../../../src/metrics/index.js';
import type { Prediction, Store } from '../../../src/store/index.js';
import type { FakeRun } from './fixture.js';

const answerOf = (line: Prediction): number | string =>
  line.logits ? argmax(line.logits) : (line.text ?? '');
const correctOf = (lines: readonly Prediction[]): Uint8Array =>
  Uint8Array.from(lines, (line) => (answerOf(line) === line.label ? 1 : 0));

export async function trainDocumentOf(
  store: Store,
  config: TrainConfig,
  run: Pick<FakeRun, 'weakOnTransfer'>,
): Promise<TrainDocument> {
  const read = (role: string, seed: number) => store.readPredictions(`${role}-${seed}`);
  const seeds = await Promise.all(
    config.seeds.map(async (seed) => {
      const student = (await read('studentTest', seed)) ?? [];
      const ceiling = (await read('ceilingTest', seed)) ?? [];
      const weak =
        (await read('weakTest', seed)) ??
        ceiling.map((line, i) => (i % 3 === 0 ? { ...line, label: '?' } : line));
      return { seed, student, ceiling, weak, zeroShot: await read('zeroShot', seed) };
    }),
  );
  const groups = (seeds[0]?.student ?? []).map(({ id, group }) => group ?? id);
  const compared = compareModels({
    seeds: seeds.map(({ student, ceiling, weak }) => ({
      weak: { correct: correctOf(weak) },
      student: { correct: correctOf(student) },
      ceiling: { correct: correctOf(ceiling) },
    })),
    groups,
    labels: null,
    resamples: 400,
  });
  const score = (model: string, { accuracy, ci95, n }: ScoreSummary): ModelScore => ({
    model,
    accuracy,
    ci95,
    auroc: null,
    n,
    seconds: 1.5,
  });
  const zeroShots = seeds.flatMap(({ zeroShot }) => (zeroShot ? [correctOf(zeroShot)] : []));
  const steps = (seed: number) => ({
    ...Object.fromEntries(
      ['student', 'ceiling', 'studentTest', 'ceilingTest', 'weakTest'].map((role) => [
        role,
        `${role}-${seed}`,
      ]),
    ),
    ...(run.weakOnTransfer ? {} : { weak: `weak-${seed}` }),
    ...(zeroShots.length > 0 ? { zeroShot: `zeroShot-${seed}` } : {}),
  });
  return {
    schema: TRAIN_SCHEMA,
    config: { ...config },
    seeds: config.seeds,
    weak: {
      ...score(config.weakLabels ?? config.weak, compared.weak),
      on: run.weakOnTransfer ? 'transfer' : 'test',
    },
    student: score(config.strong, compared.student),
    ceiling: score(config.strong, compared.ceiling),
    labels: { accuracy: 0.61, n: 1500 },
    agreement: run.weakOnTransfer
      ? null
      : agreement(seeds.map(({ student, weak }) => answerPair(student, weak))),
    gap: compared.gap,
    pgr: compared.pgr,
    pgrAuroc: compared.pgrAuroc,
    perSeed: seeds.map(({ seed }, i) => ({ seed, ...compared.perSeed[i]!, steps: steps(seed) })),
    zeroShot: zeroShots.length > 0 ? accuracyWithInterval(zeroShots, groups, { resamples: 400 }) : null,
    throughput: { tokensPerSecond: 1, examplesPerSecond: 1 },
    store: 'results',
    steps: steps(config.seeds[0] ?? 0),
  };
}
