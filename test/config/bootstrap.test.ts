import { describe, expect, test } from 'vitest';
import { allBootstrapKeys, type BootstrapRaw, resolveBootstrapConfig } from '../../src/config/bootstrap.js';
import { parseLayer } from '../../src/config/layers.js';
import { presets } from '../../src/config/presets.js';
import { isW2sError, type W2sError } from '../../src/errors.js';

const typed = (values: Record<string, unknown>) =>
  resolveBootstrapConfig([
    parseLayer<BootstrapRaw>(allBootstrapKeys, values, { kind: 'flags', command: 'bootstrap' }),
  ]);

function errorOf(work: () => unknown): W2sError {
  try {
    work();
  } catch (error) {
    if (isW2sError(error)) return error;
    throw error;
  }
  throw new Error('Expected an error');
}

test('without anything: the built-in chain on chess puzzles', () => {
  const config = resolveBootstrapConfig();
  expect(config).toMatchObject({
    chain: ['chess-xs', 'chess-s', 'chess-m'],
    dataset: 'chess-puzzles',
    seeds: [0],
  });
  expect(config.forWeak.lr).toBe(presets['chess-puzzles']?.settings.weakLr);
  expect(config.trainSize).toBeGreaterThan(0);
  expect(config).not.toHaveProperty('weak');
  expect(config).not.toHaveProperty('strong');
});

test('a chain is a list, or names between commas', () => {
  expect(typed({ chain: 'a, b,c', data: 'x.csv' }).chain).toEqual(['a', 'b', 'c']);
  expect(resolveBootstrapConfig({ chain: ['a', 'b'], data: 'x.csv' }).chain).toEqual(['a', 'b']);
});

test('what is said for one side holds for the first model, or for all others', () => {
  const config = typed({ lr: '1e-3', 'weak-lr': '1e-2', 'strong-epochs': '7', 'train-size': '90' });
  expect(config.forWeak).toMatchObject({ lr: 1e-2, epochs: 2 });
  expect(config.forStrong).toMatchObject({ epochs: 7 });
  expect(config.trainSize).toBe(90);
});

describe('refuses', () => {
  test('a chain of one, with what to type', () => {
    const error = errorOf(() => typed({ chain: 'chess-xs' }));
    expect(error).toMatchObject({
      code: 'ERR_USAGE',
      hint: expect.stringContaining('--chain chess-xs,chess-s,chess-m'),
    });
    expect(error.message).toBe(
      'Expected two or more models for --chain but received one, chess-xs: nothing is left to learn from it.',
    );
  });

  test('a gap in the chain', () => {
    expect(errorOf(() => typed({ chain: 'a,,b' })).message).toContain(
      'Expected two or more models between commas',
    );
  });

  test('data of one’s own without a chain', () => {
    expect(errorOf(() => typed({ data: 'x.csv' }))).toMatchObject({
      code: 'ERR_USAGE',
      message: 'Expected --chain for bootstrap but received nothing.',
    });
  });

  test('what belongs to train alone', () => {
    expect(errorOf(() => typed({ weak: 'chess-xs' })).message).toContain('--weak');
    expect(errorOf(() => typed({ 'transfer-data': 'x.csv' })).message).toContain('--transfer-data');
  });
});
