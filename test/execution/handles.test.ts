/** The low level from Node: a model opened with a head of answer tokens. */
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { openModel } from '../../src/index.js';
import { temporaryFolder } from '../support/results.js';
import { VOCABULARY, writeTinyWorld } from '../support/tinyWorld.js';

const { folder, cleanUp } = temporaryFolder();
afterAll(cleanUp);

test.each(['restricted', 'full'] as const)('answers among the %s vocabulary', async (vocabulary) => {
  const world = writeTinyWorld(join(folder, vocabulary));
  const headTokens = ['No', 'Yes'].map((word) => VOCABULARY.indexOf(word));
  const machine = { device: 'cpu', threads: 1 } as const;
  await using model = await openModel(world.strong, { ...machine, head: 'tokens', headTokens, vocabulary });
  expect(model.info.outputs).toBe(2);
  const { logits } = await model.score(await model.encode(['w1 w2', 'w3']));
  expect(logits).toHaveLength(4);
  const mass = Math.exp(logits[0]!) + Math.exp(logits[1]!);
  if (vocabulary === 'full') expect(mass).toBeLessThan(1);
  await using trainer = model.createTrainer();
  const targets = Float32Array.of(0, 1);
  const { loss } = await trainer.forwardBackward(await model.encode(['w1 w2']), { loss: 'xent', targets });
  const logMass = vocabulary === 'full' ? 0 : Math.log(mass);
  expect(loss).toBeCloseTo(logMass - logits[1]!, 5);
});
