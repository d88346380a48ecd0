import { describe, expect, test } from 'vitest';
import { resolveRewardConfig } from '../../src/config/reward.js';

describe('reward', () => {
  test("takes generative fine-tuning at the student's learning rate, unless told another", () => {
    expect(resolveRewardConfig({ generativeFinetune: true, lr: 3e-5 }).generative).toEqual({
      epochs: 1,
      lr: 3e-5,
    });
    const named = resolveRewardConfig({ generativeFinetune: true, generativeLr: 1e-5, generativeEpochs: 3 });
    expect(named.generative).toEqual({ epochs: 3, lr: 1e-5 });
  });

  test.each([
    [{ generativeLr: 1e-5 }, 'Expected --generative-finetune beside generativeLr'],
    [
      { generativeFinetune: true, rounds: 2 },
      'Expected one round beside --generative-finetune but received 2.',
    ],
    [{ dataset: 'chess-legal' }, 'Expected preferences for reward but received the data set chess-legal'],
  ] as const)('refuses %o', (settings, message) => {
    expect(() => resolveRewardConfig(settings)).toThrow(message);
  });
});
