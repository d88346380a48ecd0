/** Parameters of losses: their defaults, what they are refused beside, and that they are the student's alone. */
import { describe, expect, it } from 'vitest';
import { type Layer, parseLayer } from '../../src/config/layers.js';
import { confidencePresets, lossDefaults } from '../../src/config/loss.js';
import { resolveFinetuneConfig } from '../../src/config/steps.js';
import { allTrainKeys, resolveTrainConfig, type TrainRaw } from '../../src/config/train.js';

const own = { weak: 'a', strong: 'b', data: 'rows.jsonl' };

function typed(flags: Record<string, unknown>): Layer<TrainRaw>[] {
  return [parseLayer<TrainRaw>(allTrainKeys, flags, { kind: 'flags', command: 'train' })];
}

const student = (flags: Record<string, unknown>) => resolveTrainConfig(typed({ ...own, ...flags })).forStrong;

describe('each loss', () => {
  it.each([
    ['product', lossDefaults.product],
    ['window', lossDefaults.window],
    ['adaptive-confidence', lossDefaults['adaptive-confidence']],
    ['entropy', lossDefaults.entropy],
    ['reverse-kl', {}],
  ] as const)(
    '%s has its own defaults, and leaves supervisor and ceiling to cross-entropy',
    (loss, wanted) => {
      const config = resolveTrainConfig({ ...own, loss });
      expect(config.forStrong).toMatchObject({ loss, ...wanted });
      expect(config.forWeak.loss).toBe('xent');
      const parameters = ['lossAlpha', 'lossBeta', 'windowRadius', 'lossTemperature'] as const;
      for (const name of parameters) {
        expect(config.forWeak).not.toHaveProperty(name);
        if (!(name in wanted)) expect(config.forStrong).not.toHaveProperty(name);
      }
    },
  );

  it('takes what is said of it, from flags as text', () => {
    expect(student({ loss: 'product', 'loss-alpha': '2', 'loss-beta': '0.5' })).toMatchObject({
      lossAlpha: 2,
      lossBeta: 0.5,
    });
    expect(student({ loss: 'window', 'window-radius': 'median' }).windowRadius).toBe('median');
    expect(student({ loss: 'window', 'window-radius': '0.1' }).windowRadius).toBe(0.1);
    expect(student({ loss: 'entropy', 'alpha-max': '0.3', 'loss-warmup': '0' })).toMatchObject({
      alphaMax: 0.3,
      lossWarmup: 0,
    });
    expect(student({ loss: 'adaptive-confidence', 'loss-temperature': '4' }).lossTemperature).toBe(4);
  });

  it('kl is cross-entropy, in every respect', () => {
    expect(resolveTrainConfig({ ...own, loss: 'kl' })).toEqual(resolveTrainConfig({ ...own, loss: 'xent' }));
    expect(resolveTrainConfig({ ...own, loss: 'confidence', weakLoss: 'kl' }).forWeak.loss).toBe('xent');
  });

  it('confidence takes a threshold instead of the preset’s', () => {
    expect(student({ loss: 'confidence', threshold: '0.7' })).toMatchObject({
      ...confidencePresets.paper,
      threshold: 0.7,
    });
    expect(student({ loss: 'confidence', preset: 'openai', threshold: 'half' }).threshold).toBe('half');
  });
});

describe('balanced labels', () => {
  it('are the student’s, with any loss of classes', () => {
    const config = resolveTrainConfig(typed({ ...own, balanced: true, loss: 'entropy' }));
    expect(config.forStrong.balanced).toBe(true);
    expect(config.forWeak).not.toHaveProperty('balanced');
    expect(student({}).balanced).toBeUndefined();
    expect(student({ balanced: false })).not.toHaveProperty('balanced');
    expect(resolveFinetuneConfig({ model: 'm', data: 'f', balanced: true }).settings.balanced).toBe(true);
  });
});

describe('what has no meaning is refused', () => {
  it.each([
    [{ threshold: '0.5' }, 'the loss confidence with --threshold but received the loss xent'],
    [{ 'alpha-max': '0.5', loss: 'window' }, 'the loss confidence or entropy with --alpha-max'],
    [{ preset: 'openai', loss: 'entropy' }, 'the loss confidence with --preset'],
    [{ 'loss-alpha': '1' }, 'the loss product with --loss-alpha'],
    [{ 'loss-beta': '1', loss: 'confidence' }, 'the loss product with --loss-beta'],
    [{ 'window-radius': '0.2', loss: 'product' }, 'the loss window with --window-radius'],
    [{ 'loss-temperature': '2', loss: 'window' }, 'the loss adaptive-confidence with --loss-temperature'],
    [{ balanced: true, dataset: 'chess-puzzles', data: undefined }, 'a loss of classes with --balanced'],
    [{ loss: 'entropy', 'loss-warmup': 'as-released' }, 'a number from 0 to 1 for --loss-warmup'],
    [{ loss: 'window', 'window-radius': '0.7' }, 'median for --window-radius'],
    [{ loss: 'confidence', threshold: 'mean' }, 'half, a number from 0 to 1 or weak-mean for --threshold'],
    [{ loss: 'confidence', 'weak-threshold': '0.5' }, 'Expected --threshold but received --weak-threshold'],
    [{ 'weak-balanced': true }, 'Expected --balanced but received --weak-balanced'],
    [{ loss: 'product', 'weak-loss': 'product' }, 'Expected xent for --weak-loss'],
    [{ loss: 'product', dataset: 'chess-puzzles', data: undefined }, 'it needs classes'],
  ])('%o', (flags, message) => {
    expect(() => student(flags)).toThrow(
      expect.objectContaining({ code: 'ERR_USAGE', message: expect.stringContaining(message) }),
    );
  });
});
