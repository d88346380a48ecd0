/** Folders as Transformers 4, the hub and others write them, against what Transformers reads from the same folder. */
import { expect, it } from 'vitest';
import { expectedOf, floats, goldenVariants, openModel, packed, ROOMY, relativeError } from './fixtures.js';

const causal = goldenVariants.filter(({ manifest }) => manifest.labels === undefined);
const classifiers = goldenVariants.filter(({ manifest }) => manifest.labels !== undefined);

it.each(causal)('$name: $manifest.what', async (golden) => {
  const expected = expectedOf(golden);
  const sequences = packed(expected, 'text');
  const model = await openModel(golden.folder);
  const { logProbabilities } = await model.score(sequences, ROOMY);
  expect(relativeError(logProbabilities, floats(expected, 'text.log_probabilities'))).toBeLessThan(1e-5);
  expect(relativeError(await model.hidden(sequences, ROOMY), floats(expected, 'text.hidden'))).toBeLessThan(
    1e-5,
  );
  model.dispose();
});

it.each(causal)('$name starts a fresh head at zero', async (golden) => {
  const model = await openModel(golden.folder, { head: 'classifier', labels: 2 });
  expect(model.info).toMatchObject({ headFrom: 'fresh', outputs: 2 });
  const { logits } = await model.score(packed(expectedOf(golden), 'text'), ROOMY);
  expect(logits.every((value) => value === 0)).toBe(true);
  model.dispose();
});

it.each(classifiers)('$name: $manifest.what', async (golden) => {
  const expected = expectedOf(golden);
  const labels = golden.manifest.labels!;
  const model = await openModel(golden.folder, { head: labels === 1 ? 'scalar' : 'classifier', labels });
  expect(model.info).toMatchObject({ headFrom: 'folder', outputs: labels });
  const { logits } = await model.score(packed(expected, 'cls'), ROOMY);
  expect(relativeError(logits, floats(expected, 'cls.logits'))).toBeLessThan(1e-5);
  model.dispose();
});
