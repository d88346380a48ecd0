/** The loop over optimizer steps: one at a time, and with several under way as on a GPU. */
import { describe, expect, it } from 'vitest';
import { W2sError } from '../../src/errors.js';
import type { NativeTrainer } from '../../src/native/binding.js';
import { type TrainLoopOptions, trainLoop } from '../../src/steps/trainLoop.js';

const set = {
  sequences: {
    tokens: Int32Array.from({ length: 12 }, (_, i) => i),
    offsets: Int32Array.of(0, 2, 4, 6, 8, 10, 12),
  },
  targets: null,
  classes: 0,
};
const optimisation = {
  optimizer: 'adamw',
  lr: 1,
  headLr: 1,
  weightDecay: 0,
  clip: 1,
  epochs: 1,
  batchSize: 1,
  schedule: 'constant',
  warmupSteps: 0,
} as TrainLoopOptions['optimisation'];
const TOTAL = 6;

/** A trainer that answers calls in their order, each once `late` further ones were made or a while has passed. */
function fakeTrainer(log: string[], late: number, fails: (call: string) => boolean = () => false) {
  const waiting: (() => void)[] = [];
  let updates = 0;
  const answer = <T>(call: string, value: T): Promise<T> => {
    log.push(call);
    const promise = new Promise<T>((resolve, reject) => {
      waiting.push(() => (fails(call) ? reject(new W2sError('ERR_NOT_FINITE', call)) : resolve(value)));
    });
    while (waiting.length > late) waiting.shift()?.();
    if (late > 0) setTimeout(() => waiting.shift()?.(), 5);
    return promise;
  };
  const trainer = {
    forwardBackward: () =>
      answer(`backward ${updates}`, { loss: 1, logits: new Float32Array(), exactMatches: 0 }),
    step: () => answer(`update ${updates++}`, { gradNorm: 1 }),
    checkFinite: () => answer('check', undefined),
  };
  return trainer as unknown as NativeTrainer;
}

interface Plan {
  underWay: number;
  late?: number;
  due?: (step: number) => boolean;
  fails?: (call: string) => boolean;
  abortAfter?: number;
}

async function run({ underWay, late = 0, due = () => false, fails, abortAfter }: Plan): Promise<string[]> {
  const log: string[] = [];
  const controller = new AbortController();
  let between = 0;
  const options: TrainLoopOptions = {
    trainer: fakeTrainer(log, late, fails),
    set,
    objective: (trainer, batch) => trainer.forwardBackward(batch, { loss: 'lm' }),
    optimisation,
    seed: 0,
    signal: controller.signal,
    underWay,
    onStep: ({ step }) => {
      log.push(`told ${step}`);
      if (step === abortAfter) controller.abort();
    },
    checkpointDue: (aborted) => aborted || due(++between),
    checkpoint: async (step) => void log.push(`checkpoint ${step}`),
  };
  await trainLoop(options).then(
    (total) => log.push(`end ${total}`),
    (error) => log.push(`${error.code}: ${error.message}`),
  );
  return log;
}

const told = (log: readonly string[]) => log.filter((line) => /^(told|checkpoint|end|ERR)/.test(line));

describe('one step at a time', () => {
  it('is told before the next begins', async () => {
    const log = await run({ underWay: 1 });
    expect(log.slice(0, 6)).toEqual(['backward 0', 'update 0', 'told 0', 'backward 1', 'update 1', 'told 1']);
    expect(log.slice(-3)).toEqual([`told ${TOTAL - 1}`, 'check', `end ${TOTAL}`]);
  });
});

describe('two steps under way', () => {
  it('begins the next before it looks at one, and tells all in order', async () => {
    const log = await run({ underWay: 2, late: 2 });
    expect(log.slice(0, 5)).toEqual(['backward 0', 'update 0', 'backward 1', 'update 1', 'told 0']);
    expect(told(log)).toEqual(told(await run({ underWay: 1 })));
  });

  it('never has more', async () => {
    let begun = 0;
    let most = 0;
    for (const line of await run({ underWay: 2, late: 3 })) {
      if (line.startsWith('update')) begun++;
      if (line.startsWith('told')) begun--;
      most = Math.max(most, begun);
    }
    expect(most).toBe(2);
  });

  it.each([{ due: (step: number) => step === 2 }, { abortAfter: 2 }])(
    'checkpoints where one at a time does: %o',
    async (plan) => {
      const two = await run({ underWay: 2, late: 2, ...plan });
      const at = two.findIndex((line) => line.startsWith('checkpoint'));
      const step = Number(two[at]?.split(' ')[1]);
      // Every step before it was told, and its weights looked at.
      expect(two.slice(0, at).filter((line) => line.startsWith('told'))).toHaveLength(step);
      expect(two[at - 1]).toBe('check');
      expect(two.slice(0, at)).not.toContain(`update ${step}`);
    },
  );

  it('ends with the first step that is not finite, and tells those before', async () => {
    const log = await run({
      underWay: 2,
      late: 2,
      fails: (call) => call === 'update 3' || call === 'update 4',
    });
    expect(told(log)).toEqual(['told 0', 'told 1', 'told 2', expect.stringContaining('ERR_NOT_FINITE')]);
    expect(log.at(-1)).toContain('step 3');
  });
});
