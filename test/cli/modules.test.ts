/** Modules on the command line: their parameters as flags, in files and in help, and what a changed helper does. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { StepDocument, TrainDocument } from '../../src/index.js';
import { temporaryFolder } from '../support/results.js';
import { type TinyWorld, tinySettings, writeTinyWorld } from '../support/tinyWorld.js';
import { type Ran, run } from './run.js';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const { folder, cleanUp } = temporaryFolder();
let world: TinyWorld;
beforeAll(() => {
  world = writeTinyWorld(join(folder, 'world'));
  file('lib/cross-entropy.mjs', HELPER);
  file('loss.mjs', LOSS);
});
afterAll(cleanUp);

function file(name: string, text: string): string {
  const path = join(folder, name);
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, text);
  return path;
}

const HELPER = `
export function crossEntropy(logits, targets, classes) {
  const batch = logits.length / classes;
  const dLogits = new Float32Array(logits.length);
  let loss = 0;
  for (let start = 0; start < logits.length; start += classes) {
    const row = Array.from(logits.subarray(start, start + classes));
    const logSum = Math.log(row.reduce((sum, z) => sum + Math.exp(z), 0));
    const mass = targets.subarray(start, start + classes).reduce((sum, y) => sum + y, 0);
    row.forEach((z, k) => {
      loss -= (targets[start + k] * (z - logSum)) / batch;
      dLogits[start + k] = (mass * Math.exp(z - logSum) - targets[start + k]) / batch;
    });
  }
  return { loss, dLogits };
}
`;

const LOSS = `
import { defineLoss } from 'w2s-native';
import { z } from 'zod';
import { crossEntropy } from './lib/cross-entropy.mjs';
export const scaled = defineLoss({
  name: 'scaled',
  params: z.object({
    gamma: z.number().positive().default(2).describe('Power of the weak labels'),
    topK: z.int().min(1).default(1),
    mode: z.enum(['plain', 'turned']).default('plain'),
    loud: z.boolean().default(false),
    tag: z.string().default('none'),
  }),
  apply({ logits, targets, classes, params }) {
    const { loss, dLogits } = crossEntropy(logits, targets.map((y) => y ** params.gamma), classes);
    return { loss, dLogits: params.mode === 'turned' ? dLogits.map((x) => -x) : dLogits };
  },
});
`;

const loss = () => join(folder, 'loss.mjs');
const finetune = (...words: string[]): Promise<Ran> =>
  run(
    'finetune',
    ...['--model', world.strong, '--data', world.transferData, '--out', join(folder, 'out')],
    ...['--device', 'cpu', '--threads', '1', '--epochs', '1', '--batch-size', '100', '--json'],
    ...words,
  );
const train = (...words: string[]): Promise<Ran> => {
  const settings = { ...tinySettings(world, join(folder, 'out')), epochs: 1, weakEpochs: 1, batchSize: 100 };
  const flags = Object.entries(settings).flatMap(([key, value]) => [
    `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`,
    String(value),
  ]);
  return run('train', ...flags, '--json', '--no-report', ...words);
};

function stepOf(ran: Ran): string {
  expect(ran.stderr).not.toContain('Error');
  return (JSON.parse(ran.stdout) as StepDocument).step;
}

describe('a loss by file', () => {
  it('has its parameters in help', async () => {
    const { stdout } = await run('train', '--loss', loss(), '--help');
    const section = /Loss scaled:\n([\s\S]*?)\n\n/.exec(stdout)?.[1] ?? '';
    expect(section).toMatch(/--gamma +<X> Power of the weak labels +\[default: 2\]/);
    expect(section).toMatch(/--top-k +<N> +\[default: 1\]/);
    expect(section).toMatch(/--mode +<plain\|turned> +\[default: plain\]/);
    expect(section).toMatch(/--loud +\[default: false\]/);
    expect(section).toMatch(/--tag +<TEXT> +\[default: none\]/);
    expect((await run('train', '--help')).stdout).not.toMatch(/--gamma +<X>/);
  });

  it('trains, and its parameters are part of the step', async () => {
    const plain = stepOf(await finetune('--loss', loss()));
    expect(stepOf(await finetune('--loss', loss(), '--gamma', '2', '--no-loud'))).toBe(plain);
    const other = await finetune(`--loss=${loss()}`, '--gamma=3', '--loud', '--top-k', '2', '--tag', 'x');
    expect(stepOf(other)).not.toBe(plain);
    expect((JSON.parse(other.stdout) as StepDocument).config.settings).toMatchObject({
      loss: 'custom',
      customLoss: {
        name: 'scaled',
        file: loss(),
        params: { gamma: 3, topK: 2, mode: 'plain', loud: true, tag: 'x' },
      },
    });
    expect(stepOf(await finetune())).not.toBe(plain);
  });

  it('is another experiment when a file that it imports changes', async () => {
    const before = stepOf(await finetune('--loss', loss()));
    file('lib/cross-entropy.mjs', `${HELPER}\n// Changed.\n`);
    const after = stepOf(await finetune('--loss', loss()));
    file('lib/cross-entropy.mjs', HELPER);
    expect(after).not.toBe(before);
    expect(stepOf(await finetune('--loss', loss()))).toBe(before);
  });

  it.each([
    [['--gama', '3'], /Expected a flag of finetune but received --gama\.\n {2}Did you mean --gamma\?/],
    [['--gamma', '-1'], /Expected a number above 0 for --gamma but received "-1"/],
    [['--gamma', 'much'], /Expected a number above 0 for --gamma but received "much"/],
    [['--top-k', '1.5'], /Expected a whole number of at least 1 for --top-k but received "1.5"/],
    [
      ['--mode', 'plan'],
      /Expected plain or turned for --mode but received "plan"\.\n {2}Did you mean --mode plain\?/,
    ],
    [['--loud=maybe'], /Expected true or false for --loud/],
  ])('refuses %j', async (words, message) => {
    const { code, stderr } = await finetune('--loss', loss(), ...words);
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
  });

  it('takes parameters from a configuration file, below flags', async () => {
    const config = file('run.yaml', `loss: ${loss()}\nloss-params:\n  gamma: 3\n  top-k: 4\n`);
    const paramsOf = async (...words: string[]) => {
      const ran = await finetune('--config', config, ...words);
      return (JSON.parse(ran.stdout) as { config: { settings: { customLoss: { params: object } } } }).config
        .settings.customLoss.params;
    };
    expect(await paramsOf()).toMatchObject({ gamma: 3, topK: 4 });
    expect(await paramsOf('--gamma', '5')).toMatchObject({ gamma: 5, topK: 4 });
    const bad = file('bad.yaml', `loss: ${loss()}\nlossParams:\n  gama: 3\n`);
    expect((await finetune('--config', bad)).stderr).toMatch(
      /Expected a setting of loss scaled \(.*loss\.mjs\) in .*bad\.yaml but received the key gama\.\n {2}Did you mean gamma\?/,
    );
    const idle = file('idle.yaml', 'loss: xent\nlossParams:\n  gamma: 3\n');
    expect((await finetune('--config', idle)).stderr).toMatch(
      /Expected a loss of your own beside loss-params in .*idle\.yaml but received none/,
    );
  });

  it('may not have a parameter with the name of a flag', async () => {
    const clash = file(
      'clash.mjs',
      `import { defineLoss } from 'w2s-native';\nimport { z } from 'zod';
export default defineLoss({ name: 'clash', params: z.object({ batchSize: z.number() }), apply() {} });`,
    );
    const { code, stderr } = await finetune('--loss', clash);
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /parameter "batchSize" of loss clash \(.*clash\.mjs\) but received one whose flag, --batch-size, is taken by --batch-size of finetune/,
    );
  });

  it('says which parameter is missing', async () => {
    const needy = file(
      'needy.mjs',
      `import { defineLoss } from 'w2s-native';\nimport { z } from 'zod';
export default defineLoss({ name: 'needy', params: z.object({ stepSize: z.number() }), apply() {} });`,
    );
    const { stderr } = await finetune('--loss', needy);
    expect(stderr).toMatch(/Expected a value for the parameter stepSize of loss needy but received nothing/);
    expect(stderr).toContain('Add --step-size VALUE');
  });

  it('is checked before anything is trained, unless told not to', async () => {
    const words = ['--loss', loss(), '--mode', 'turned'];
    const { code, stderr } = await train(...words);
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /Expected the gradient of its own loss for dLogits of loss scaled but received, worst at row \d/,
    );
    expect(stderr).not.toContain('weak:');
    expect((await train(...words, '--no-gradient-check')).code).toBe(0);
    // What was trusted once is not trusted for ever.
    expect((await train(...words, '--out', join(folder, 'elsewhere'))).code).toBe(2);
  });

  it('concerns the student alone', async () => {
    const plain = JSON.parse((await train()).stdout) as TrainDocument;
    const own = JSON.parse((await train('--loss', loss())).stdout) as TrainDocument;
    for (const role of ['weak', 'labels', 'ceiling']) expect(own.steps[role]).toBe(plain.steps[role]);
    expect(own.steps.student).not.toBe(plain.steps.student);
    const strong = JSON.parse((await train('--strong-loss', loss())).stdout) as TrainDocument;
    expect(strong.steps).toEqual(own.steps);
  });

  it('is refused for the supervisor, and for a probe', async () => {
    expect((await train('--weak-loss', loss())).stderr).toMatch(
      /Expected xent for --weak-loss, as the supervisor learns from true labels, but received ".*loss\.mjs"/,
    );
    expect((await train('--loss', loss(), '--method', 'probe')).stderr).toMatch(
      /Expected xent for --loss beside --method probe but received one of your own/,
    );
  });

  it('is named where it cannot serve the data', async () => {
    const { stderr } = await run('train', '--loss', loss());
    expect(stderr).toMatch(
      /Expected a data set with classes or preferences for the loss scaled but received chess-puzzles/,
    );
  });
});

describe('a relabelling by file', () => {
  it('has flags, and changes what the student learns from', async () => {
    const flip = file(
      'flip.ts',
      `import { defineRelabel } from 'w2s-native';
import { z } from 'zod';
export default defineRelabel({
  name: 'flip',
  params: z.object({ share: z.number().min(0).max(1).default(1).describe('How much') }),
  apply({ labels, classes, params }) {
    return { labels: labels.map((p: number) => params.share * (1 - p) + (1 - params.share) * p) };
  },
});`,
    );
    expect((await run('train', '--relabel', flip, '--help')).stdout).toMatch(
      /Relabelling flip:\n +--share +<X> How much +\[default: 1\]/,
    );
    const plain = JSON.parse((await train()).stdout) as TrainDocument;
    const none = JSON.parse((await train('--relabel', flip, '--share', '0')).stdout) as TrainDocument;
    const all = JSON.parse((await train('--relabel', flip)).stdout) as TrainDocument;
    expect(none.labels.accuracy).toBe(plain.labels.accuracy);
    expect(all.labels.accuracy).toBeCloseTo(1 - plain.labels.accuracy, 12);
    expect(all.steps.weak).toBe(plain.steps.weak);
    const { stderr } = await train('--relabel', flip, '--share', '2');
    expect(stderr).toMatch(/Expected a number of at least 0 and of at most 1 for --share but received "2"/);
    expect((await train('--relabel', loss())).stderr).toContain(`defineLoss made it: --loss ${loss()}`);
  });
});

it('two modules may not have one parameter by the same name', async () => {
  const relabel = file(
    'gamma.mjs',
    `import { defineRelabel } from 'w2s-native';\nimport { z } from 'zod';
export default defineRelabel({ name: 'gamma', params: z.object({ gamma: z.number().default(1) }), apply: ({ labels }) => ({ labels }) });`,
  );
  const { code, stderr } = await train('--loss', loss(), '--relabel', relabel);
  expect(code).toBe(2);
  expect(stderr).toMatch(
    /"gamma" of relabelling gamma \(.*gamma\.mjs\) .* --gamma, is taken by --gamma of loss scaled/,
  );
});

describe('a data set by file', () => {
  const rows = () =>
    file(
      'rows.mjs',
      `import { defineDataset } from 'w2s-native';
export default defineDataset({
  name: 'rows',
  source: ${JSON.stringify(world.transferData)},
  classes: ['low', 'high'],
  text: ({ text }) => String(text),
  label: 'label',
});`,
    );

  it('is trained on, and shown', async () => {
    const ran = await run(
      'finetune',
      ...['--model', world.strong, '--dataset', rows(), '--out', join(folder, 'out'), '--device', 'cpu'],
      ...['--threads', '1', '--epochs', '1', '--batch-size', '100', '--json'],
    );
    expect(ran.stderr).not.toContain('Error');
    expect((JSON.parse(ran.stdout) as StepDocument).n).toBe(400);
    const shown = await run('datasets', 'show', rows(), '--rows', '1');
    expect(shown.stdout).toMatch(/Task +classification \(low, high\)\nRows +train 400 \(200 low, 200 high\)/);
  });

  it('is named where it is missing', async () => {
    const { code, stderr } = await run(
      'train',
      '--dataset',
      rows().replace('rows', 'rowz'),
      '--weak',
      'a',
      '--strong',
      'b',
    );
    expect(code).toBe(2);
    expect(stderr).toMatch(/module for --dataset but .*rowz\.mjs does not exist/);
    expect(stderr).toMatch(/Did you mean --dataset .*rows\.mjs\?/);
  });
});
