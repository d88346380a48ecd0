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

/** Rows of which some, all or none have a group; what no group has is named as a row is. */
function linesOf(groups: number | null, logits: number): Prediction[] {
  const random = stream(0, 'scores', groups ?? 0);
  return Array.from({ length: 5000 }, (_, i): Prediction => {
    const named = groups !== null && random.below(3) > 0 ? { group: `${random.below(groups)}` } : {};
    const drawn = Array.from({ length: logits }, () => random.below(40) / 7);
    return { id: `${i}`, split: 'all-test', ...named, label: random.below(logits), logits: drawn };
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

test.each([
  ['no groups', null, 2],
  ['few groups', 7, 2],
  ['many groups, named as rows are', 4000, 2],
  ['three classes', 100, 3],
])('with %s', async (name, groups, logits) => {
  const lines = linesOf(groups, logits);
  const { store, hash } = await stored(name, lines, lines.length);
  const { accuracy, ci95 } = accuracyWithInterval([lines.map(creditOf)], lines.map(groupOf));
  const scores = Float64Array.from(lines, (line) => binaryScore(line.logits ?? []));
  const truth = Uint8Array.from(lines, (line) => Number(line.label));
  expect(await scoresOf(store, hash)).toEqual({
    accuracy,
    ci95,
    auroc: logits === 2 ? auroc(scores, truth) : null,
  });
});

test('predictions that are cut short are refused', async () => {
  const { store, hash } = await stored('cut', linesOf(null, 2), 5001);
  await expect(scoresOf(store, hash)).rejects.toMatchObject({
    code: 'ERR_STORE',
    message: expect.stringMatching(/Expected 5001 predictions .* received 5000/),
  });
});
