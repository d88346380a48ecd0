/** What is told of predictions from a few bytes a row: what their lines tell, to the last bit. */
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { stream } from '../../src/data/random.js';
import { groupOf } from '../../src/execution/outcomes.js';
import { scoresOf } from '../../src/execution/scores.js';
import { accuracyWithInterval, auroc } from '../../src/metrics/index.js';
import { creditOf } from '../../src/steps/evaluate.js';
import { type Prediction, Store } from '../../src/store/index.js';
import { binaryScore } from '../../src/tasks/classification.js';
import { temporaryFolder } from '../support/results.js';

const { folder, cleanUp } = temporaryFolder();
afterAll(cleanUp);

interface Made {
  /** How many groups; none by default. */
  groups?: number;
  /** Whether every row is in one; else two thirds are, and the others are named as groups may be. */
  allGrouped?: boolean;
  /** How many logits a row has. */
  logits?: number;
  /** Whether some rows are ties, which count half. */
  ties?: boolean;
}

function linesOf({ groups = 0, allGrouped = false, logits = 2, ties = false }: Made): Prediction[] {
  const random = stream(0, 'scores', groups);
  return Array.from({ length: 5000 }, (_, i): Prediction => {
    const isGrouped = groups > 0 && (random.below(3) > 0 || allGrouped);
    const named = isGrouped ? { group: `${random.below(groups)}` } : {};
    const drawn = Array.from({ length: logits }, () => random.below(40) / 7);
    const tied = ties && random.below(4) === 0 ? { correct: 0.5 as const } : {};
    return { id: `${i}`, split: 'all-test', ...named, label: random.below(logits), logits: drawn, ...tied };
  });
}

async function stored(name: string, lines: readonly Prediction[], n: number) {
  const store = new Store(join(folder, name));
  const hash = '0123456789abcdef' as Parameters<Store['readResult']>[0];
  const lock = await store.acquire(hash);
  await store.writePredictions(hash, lines);
  await store.writeResult(hash, { kind: 'evaluate', n } as { kind: string });
  await lock.release();
  return { store, hash };
}

test.each<[string, Made]>([
  ['no groups', {}],
  ['few groups', { groups: 7 }],
  ['many groups, named as rows are', { groups: 4000 }],
  ['a group for each row', { groups: 700, allGrouped: true }],
  ['three classes', { groups: 100, logits: 3 }],
  ['ties', { groups: 100, ties: true }],
])('with %s', async (name, made) => {
  const lines = linesOf(made);
  const { store, hash } = await stored(name, lines, lines.length);
  const { accuracy, ci95 } = accuracyWithInterval([lines.map(creditOf)], lines.map(groupOf));
  const scores = Float64Array.from(lines, (line) => binaryScore(line.logits ?? []));
  const truth = Uint8Array.from(lines, (line) => Number(line.label));
  expect(await scoresOf(store, hash)).toEqual({
    accuracy,
    ci95,
    auroc: made.logits === 3 ? null : auroc(scores, truth),
  });
});

test('predictions that are cut short are refused', async () => {
  const { store, hash } = await stored('cut', linesOf({}), 5001);
  await expect(scoresOf(store, hash)).rejects.toMatchObject({
    code: 'ERR_STORE',
    message: expect.stringMatching(/Expected 5001 predictions .* received 5000/),
  });
});
