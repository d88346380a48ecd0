/** `runExperiment`: what a defined experiment comes to, beside `train` on the same store. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { z } from 'zod';
import { defineExperiment, type RunEvent, runExperiment, weakToStrong } from '../../src/index.js';
import { experimentReport } from '../../src/report/experimentReport.js';
import { run } from '../cli/run.js';
import { temporaryWorld } from '../support/temporaryWorld.js';
import { tinySettings } from '../support/tinyWorld.js';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const { folder, world } = temporaryWorld();

const settings = () => ({ ...tinySettings(world, join(folder, 'out')), seed: [0, 1] });

const asTrain = defineExperiment({
  name: 'as-train',
  params: z.object({ students: z.int().min(1).default(1) }),
  plan({ strong, truth, supervise }, { students }) {
    const labels = supervise();
    for (let i = 1; i <= students; i++)
      strong.learn(i === 1 ? 'student' : `student${i}`, { labels }).evaluate();
    strong.learn('ceiling', { labels: truth }).evaluate();
  },
});

it('gives the numbers of train where it is train, and runs nothing again', async () => {
  const train = await weakToStrong(settings());
  const events: RunEvent[] = [];
  const own = await runExperiment(asTrain, settings(), { onEvent: (event) => events.push(event) });
  expect(events.filter(({ type }) => type === 'step-start')).toEqual([]);
  expect(own.schema).toBe('w2s-native/experiment@1');
  expect(own.models).toEqual({
    weak: { ...train.weak, on: undefined },
    student: train.student,
    ceiling: train.ceiling,
  });
  expect(own.labels).toEqual({ labels: train.labels });
  expect([own.gap, own.pgr, own.pgrAuroc]).toEqual([train.gap, train.pgr, train.pgrAuroc]);
  expect(own.perSeed.map(({ pgr, accuracies }) => [pgr, accuracies.weak, accuracies.ceiling])).toEqual(
    train.perSeed.map(({ pgr, weak, ceiling }) => [pgr, weak, ceiling]),
  );
  expect(own.steps.student).toBe(train.steps.student);
  expect(own.config.experiment).toMatchObject({ name: 'as-train', params: { students: 1 } });
  const text = experimentReport(own);
  expect(text).toMatch(/^as-train on .*: .*, students 1, seeds 0, 1\n/);
  expect(text).toMatch(/^student .* \d+\.\d %/m);
  expect(text).toContain(own.pgr?.value === null ? 'PGR' : `PGR`);
});

it('has no PGR without the three, and scores rows of each seed', async () => {
  const one = defineExperiment({
    name: 'one',
    plan({ strong, truth, splits }) {
      const ceiling = strong.learn('ceiling', { labels: truth });
      ceiling.evaluate();
      ceiling.evaluate({ role: 'seen', data: splits.transfer });
    },
  });
  const { weakData: _, transferData: __, testData: ___, ...rest } = settings();
  const own = await runExperiment(one, { ...rest, data: world.transferData });
  expect(own.pgr).toBeUndefined();
  expect(Object.keys(own.models)).toEqual(['ceiling', 'seen']);
  const { seen, ceiling } = own.models;
  expect(ceiling?.n).toBeGreaterThan(0);
  // Items of both seeds: their halves are not the same rows.
  expect(seen?.n).toBeGreaterThan(ceiling?.n ?? 0);
  expect(experimentReport(own)).toContain('There is no PGR');
});

it('runs from a module with its parameters as flags', async () => {
  const file = join(folder, 'mine.ts');
  writeFileSync(
    file,
    `import { defineExperiment, type ExperimentKit } from 'w2s-native';
import { z } from 'zod';
export default defineExperiment({
  name: 'mine',
  params: z.object({ students: z.int().min(1).default(1).describe('How many') }),
  plan({ strong, truth, supervise }: ExperimentKit, { students }) {
    const labels = supervise();
    for (let i = 1; i <= students; i++) strong.learn('student' + i, { labels }).evaluate();
  },
});`,
  );
  const { weak, strong, weakData, transferData, testData, out } = settings();
  const words = [
    'run',
    file,
    '--weak',
    weak,
    '--strong',
    strong,
    '--weak-data',
    weakData,
    '--transfer-data',
    transferData,
  ];
  words.push('--test-data', testData, '--out', out, '--device', 'cpu', '--threads', '1', '--epochs', '1');
  expect((await run(...words, '--help')).stdout).toMatch(
    /Experiment mine:\n +--students +<N> How many +\[default: 1\]/,
  );
  const ran = await run(...words, '--students', '2', '--json');
  expect(ran.stderr).not.toContain('Error');
  const document = JSON.parse(ran.stdout) as { models: object; config: { experiment: object } };
  expect(Object.keys(document.models)).toEqual(['weak', 'student1', 'student2']);
  expect(document.config.experiment).toMatchObject({ file, params: { students: 2 } });
  const bad = await run(...words, '--students', '0');
  expect(bad.stderr).toContain('Expected a whole number of at least 1 for --students but received "0"');
  expect((await run(...words, '--student', '2')).stderr).toContain('Did you mean --students?');
  expect((await run('report', out, '--json')).code).toBe(0);
});
