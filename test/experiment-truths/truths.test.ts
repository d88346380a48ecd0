/** Things that must hold of every correct weak-to-strong experiment, whatever its numbers. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { stream } from '../../src/data/random.js';
import { type TrainDocument, weakToStrong } from '../../src/index.js';
import { probabilities } from '../../src/tasks/classification.js';
import { predictionsOf, temporaryFolder, weightsOf } from '../support/results.js';
import { type Row, type TinyWorld, tinySettings, writeJsonl, writeTinyWorld } from '../support/tinyWorld.js';

// Seconds on an idle machine; a busy one may take its time.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const { folder, cleanUp } = temporaryFolder();
const out = join(folder, 'out');
let world: TinyWorld;
let plain: TrainDocument;

beforeAll(async () => {
  world = writeTinyWorld(join(folder, 'world'));
  plain = await weakToStrong(tinySettings(world, out));
});
afterAll(cleanUp);

const read = (file: string): Row[] =>
  readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Row);

/** Settings with labels from outside in place of the weak model. */
function supervised(rows: readonly object[], name: string) {
  const { weak: _weak, weakLr: _lr, weakEpochs: _epochs, ...settings } = tinySettings(world, out);
  return { ...settings, weakLabels: writeJsonl(join(folder, `${name}.jsonl`), rows) };
}

describe('the truth reaches nobody but the ceiling', () => {
  let flipped: TrainDocument;
  beforeAll(async () => {
    const rows = read(world.transferData).map((row) => ({ ...row, label: row.label === 1 ? 0 : 1 }));
    const transferData = writeJsonl(join(folder, 'flipped.jsonl'), rows);
    flipped = await weakToStrong({ ...tinySettings(world, out), transferData });
  });

  test('flipping every true label of the transfer half leaves the weak model alone', async () => {
    expect(flipped.steps.weak).toBe(plain.steps.weak);
    expect(flipped.weak.accuracy).toBe(plain.weak.accuracy);
  });

  test('and its labels and the student, to the last bit', async () => {
    expect(await predictionsOf(out, flipped, 'labels')).toEqual(await predictionsOf(out, plain, 'labels'));
    expect(flipped.steps.student).not.toBe(plain.steps.student);
    expect(await weightsOf(out, flipped, 'student')).toBe(await weightsOf(out, plain, 'student'));
    expect(await predictionsOf(out, flipped, 'studentTest')).toEqual(
      await predictionsOf(out, plain, 'studentTest'),
    );
  });

  test('only the ceiling and the statistics of labels change', async () => {
    expect(await weightsOf(out, flipped, 'ceiling')).not.toBe(await weightsOf(out, plain, 'ceiling'));
    expect(flipped.labels.accuracy).toBeCloseTo(1 - plain.labels.accuracy, 12);
  });
});

test('true labels as weak labels: the student equals the ceiling bit for bit, and PGR is 1', async () => {
  const random = stream(1, 'guesses');
  const transfer = read(world.transferData).map(({ id, label }) => ({ id, label }));
  const guesses = read(world.testData).map(({ id }) => ({ id, label: random.below(2) }));
  const document = await weakToStrong(supervised([...transfer, ...guesses], 'truth'));
  expect(await weightsOf(out, document, 'student')).toBe(await weightsOf(out, document, 'ceiling'));
  expect(document.student.accuracy).toBe(document.ceiling.accuracy);
  expect(document.labels).toEqual({ accuracy: 1, n: transfer.length });
  expect(document.weak.on).toBe('test');
  expect(document.pgr.value).toBe(1);
  expect(document.pgr.ci95).toEqual([1, 1]);
  expect(document.ceiling.accuracy).toBe(plain.ceiling.accuracy);
});

test('without test predictions the supervisor is scored on the transfer half, and the document says so', async () => {
  const rows = (await predictionsOf(out, plain, 'labels')).map(({ id, logits = [] }) => ({
    id,
    label: Array.from(probabilities(logits, 2)),
  }));
  const document = await weakToStrong(supervised(rows, 'transfer-only'));
  expect(document.weak.on).toBe('transfer');
  expect(document.weak.accuracy).toBe(plain.labels.accuracy);
  expect(document.agreement).toBeNull();
  expect(document.steps.weak).toBeUndefined();
  expect(await weightsOf(out, document, 'student')).toBe(await weightsOf(out, plain, 'student'));
});

test('confidence with alpha 0 equals xent bit for bit', async () => {
  const document = await weakToStrong({ ...tinySettings(world, out), loss: 'confidence', alphaMax: 0 });
  expect(document.steps.student).not.toBe(plain.steps.student);
  expect(await weightsOf(out, document, 'student')).toBe(await weightsOf(out, plain, 'student'));
  expect(document.steps.ceiling).toBe(plain.steps.ceiling);
});

test('confidence with its own alpha is another student, on the same weak model and ceiling', async () => {
  const document = await weakToStrong({ ...tinySettings(world, out), loss: 'confidence' });
  expect(await weightsOf(out, document, 'student')).not.toBe(await weightsOf(out, plain, 'student'));
  expect([document.steps.weak, document.steps.ceiling]).toEqual([plain.steps.weak, plain.steps.ceiling]);
});

test('shuffled weak labels teach nothing', async () => {
  const lines = await predictionsOf(out, plain, 'labels');
  const order = stream(5, 'shuffled-labels').permutation(lines.length);
  const rows = lines.map(({ id }, i) => {
    const label = lines[order[i] ?? 0]?.logits ?? [];
    return { id, label: Array.from(probabilities(label, 2)) };
  });
  const document = await weakToStrong(supervised(rows, 'shuffled'));
  expect(document.student.accuracy).toBeGreaterThanOrEqual(0.4);
  expect(document.student.accuracy).toBeLessThanOrEqual(0.6);
});

test('student and ceiling see the same examples in the same order', async () => {
  const lines = async (role: string) => {
    const file = join(out, 'steps', plain.steps[role] ?? '', 'metrics.jsonl');
    return read(file).map((line) => (line as unknown as { tokens: number }).tokens);
  };
  expect(await lines('student')).toEqual(await lines('ceiling'));
});
