import { describe, expect, it } from 'vitest';
import { idleKeys, withoutIdle } from '../../src/config/idle.js';
import { evaluateKeys, finetuneKeys, labelKeys, trainKeys } from '../../src/config/keys.js';

/** Settings of the pair of models alone. */
const PAIR = ['weak', 'strong', 'weakFeatures', 'strongFeatures', 'weakData', 'transferData', 'weakLabels'];

describe('settings that a single step has no use for', () => {
  it.each([
    ['finetune', finetuneKeys],
    ['label', labelKeys],
    ['evaluate', evaluateKeys],
  ])('make %s take every setting of train but those of the pair', (_, own) => {
    const taken = new Set([...Object.keys(own), ...Object.keys(idleKeys(own))]);
    expect(Object.keys(trainKeys).filter((name) => !taken.has(name))).toEqual(PAIR);
    expect(Object.keys(own).filter((name) => Object.hasOwn(idleKeys(own), name))).toEqual([]);
  });

  it('are taken out of a layer, and named', () => {
    const full = {
      origin: { kind: 'flags', command: 'label' } as const,
      values: { model: 'chess-m', epochs: 3, lr: 1e-4 },
    };
    const { layer, dropped } = withoutIdle(full, idleKeys(labelKeys));
    expect(layer.values).toEqual({ model: 'chess-m' });
    expect(dropped).toEqual(['epochs', 'lr']);
  });
});
