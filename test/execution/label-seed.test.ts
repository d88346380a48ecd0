/** `label --seed`: labels of a whole file fit the halves that `train` draws with that seed. */
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { label, weakToStrong } from '../../src/index.js';
import { temporaryFolder } from '../support/results.js';
import { sentences, type TinyWorld, writeJsonl, writeTinyWorld } from '../support/tinyWorld.js';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const { folder, cleanUp } = temporaryFolder();
let world: TinyWorld;
let data: string;
beforeAll(() => {
  world = writeTinyWorld(join(folder, 'world'));
  const words = sentences(120, 5, 'q');
  data = writeJsonl(
    join(folder, 'sciq.jsonl'),
    words.map(({ id, text = '' }, i) => {
      const [a = '', b = '', c = '', d = ''] = text.split(' ');
      const answers = { correct_answer: `${a} ${i % 7 ? 'red' : 'blue'}`, distractor1: `${b} w1 w2` };
      return { id, question: text, ...answers, distractor2: `${c} w3 w4`, distractor3: `${d} w5 w6` };
    }),
  );
});
afterAll(cleanUp);

it('draws distractors as the halves do', async () => {
  const common = { dataset: 'sciq', data, out: join(folder, 'out'), device: 'cpu', threads: 1 } as const;
  const labels = (seed?: number) => {
    const file = join(folder, `labels-${seed}.jsonl`);
    const settings = {
      ...common,
      model: world.weak,
      head: 'unembedding',
      answers: 'No,Yes',
      export: file,
    } as const;
    return label(seed === undefined ? settings : { ...settings, seed }).then((document) => ({
      file,
      document,
    }));
  };
  const train = (weakLabels: string, seed: number) =>
    weakToStrong({
      ...common,
      strong: world.strong,
      weakLabels,
      seed,
      testSize: 20,
      epochs: 1,
      batchSize: 100,
    });
  const plain = await labels();
  const three = await labels(3);
  expect(three.document.step).not.toBe(plain.document.step);
  expect((await train(three.file, 3)).labels.n).toBeGreaterThan(20);
  await expect(train(plain.file, 3)).rejects.toMatchObject({ code: 'ERR_DATA' });
  await expect(train(three.file, 4)).rejects.toMatchObject({ code: 'ERR_DATA' });
});
