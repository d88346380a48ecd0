import { describe, expect, it } from 'vitest';
import { type Layer, parseLayer } from '../../src/config/layers.js';
import { allTrainKeys, resolveTrainConfig, type TrainRaw } from '../../src/config/train.js';
import { isW2sError, type W2sError } from '../../src/errors.js';

const own: TrainRaw = { weak: 'a', strong: 'b', data: 'rows.jsonl' };

function layers(flags: Record<string, unknown>, file?: Record<string, unknown>): Layer<TrainRaw>[] {
  const all = [parseLayer<TrainRaw>(allTrainKeys, flags, { kind: 'flags', command: 'train' })];
  if (file !== undefined) {
    all.push(parseLayer<TrainRaw>(allTrainKeys, file, { kind: 'file', file: 'e.yaml', command: 'train' }));
  }
  return all;
}

function failure(run: () => unknown): W2sError {
  try {
    run();
  } catch (error) {
    if (isW2sError(error)) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

const withFlags = (flags: Record<string, unknown>) => failure(() => resolveTrainConfig(layers(flags)));

describe('defaults', () => {
  it('runs the built-in chess puzzles on the CPU when told nothing', () => {
    const config = resolveTrainConfig();
    expect(config).toMatchObject({
      weak: 'chess-xs',
      strong: 'chess-m',
      dataset: 'chess-puzzles',
      device: 'cpu',
      seeds: [0],
      dataSeed: 0,
      out: 'results',
      keepModels: false,
      deterministic: false,
      checkpointEvery: 30,
    });
    expect(config.testSize).toBeGreaterThanOrEqual(2000);
    expect(config.forWeak).toMatchObject({ loss: 'completion', head: 'lm' });
    expect(config.forStrong).toMatchObject({ loss: 'completion', head: 'lm' });
  });

  it('takes the documented defaults for data of one’s own', () => {
    const config = resolveTrainConfig(own);
    expect(config).toMatchObject({ dataset: 'columns', device: 'auto', trainSize: null, testSize: null });
    expect(config.forStrong).toEqual({
      loss: 'xent',
      preset: 'paper',
      threshold: 'half',
      alphaMax: 0.75,
      lossWarmup: 0.2,
      epochs: 2,
      batchSize: 32,
      lr: 1e-5,
      headLr: 1e-5,
      optimizer: 'adamw',
      weightDecay: 0,
      clip: 1,
      schedule: 'cosine',
      warmupSteps: 0,
      maxContext: null,
      head: 'linear',
      dtype: 'f32',
    });
    expect(config.forWeak).toEqual(config.forStrong);
  });

  it('has no keys without a value', () => {
    expect(Object.values(resolveTrainConfig(own))).not.toContain(undefined);
    expect('testData' in resolveTrainConfig(own)).toBe(false);
  });
});

describe('layers', () => {
  it('puts flags over file over preset over defaults', () => {
    const config = resolveTrainConfig(
      layers({ dataset: 'chess-puzzles', epochs: '5' }, { epochs: 7, 'batch-size': 8, clip: 0 }),
    );
    expect(config.forStrong).toMatchObject({ epochs: 5, batchSize: 8, clip: 0 });
  });

  it('lets a general flag beat the preset’s setting for one model', () => {
    const config = resolveTrainConfig(layers({ lr: '1e-3' }));
    expect([config.forWeak.lr, config.forStrong.lr]).toEqual([1e-3, 1e-3]);
  });

  it('lets a flag for one model beat the general flag, and a general flag the file’s for one model', () => {
    const config = resolveTrainConfig(
      layers({ ...own, lr: '1e-3', 'strong-lr': '2e-3', epochs: '3' }, { 'weak-epochs': 9, strongClip: 2 }),
    );
    expect([config.forWeak.lr, config.forStrong.lr]).toEqual([1e-3, 2e-3]);
    expect([config.forWeak.headLr, config.forStrong.headLr]).toEqual([1e-3, 2e-3]);
    expect([config.forWeak.epochs, config.forStrong.epochs]).toEqual([3, 3]);
    expect([config.forWeak.clip, config.forStrong.clip]).toEqual([1, 2]);
  });

  it('reads lists of seeds from flags, files and calls', () => {
    expect(resolveTrainConfig(layers({ seed: '0,1,2' })).seeds).toEqual([0, 1, 2]);
    expect(resolveTrainConfig(layers({}, { seed: [3, 4] })).seeds).toEqual([3, 4]);
    expect(resolveTrainConfig({ seed: [5] }).seeds).toEqual([5]);
    expect(resolveTrainConfig(layers({}, { seed: 6 })).seeds).toEqual([6]);
  });
});

describe('the confidence loss', () => {
  it('concerns the student alone', () => {
    const config = resolveTrainConfig({ ...own, loss: 'confidence' });
    expect(config.forWeak.loss).toBe('xent');
    expect(config.forStrong).toMatchObject({
      loss: 'confidence',
      threshold: 'half',
      alphaMax: 0.75,
      lossWarmup: 0.2,
    });
  });

  it('takes the released code’s numbers with --preset openai, and overrides', () => {
    const config = resolveTrainConfig(
      layers({ ...own, loss: 'confidence', preset: 'openai', 'loss-warmup': 'as-released' }),
    );
    expect(config.forStrong).toMatchObject({
      threshold: 'weak-mean',
      alphaMax: 0.5,
      lossWarmup: 'as-released',
    });
  });

  it.each([
    [{ preset: 'paper' }, '--preset'],
    [{ 'alpha-max': '0.5' }, '--alpha-max'],
    [{ 'loss-warmup': '0.1', loss: 'xent' }, '--loss-warmup'],
  ])('refuses its settings beside another loss: %o', (flags, name) => {
    const error = withFlags({ ...own, ...flags });
    expect(error.exitCode).toBe(2);
    expect(error.message).toContain(`with ${name} but received the loss xent`);
  });

  it('is refused where the task is a completion, and for the supervisor', () => {
    expect(withFlags({ loss: 'confidence' }).message).toBe(
      'Expected completion or lm for --loss with the data set chess-puzzles but received "confidence": it needs two classes, and these rows ask for a completion.',
    );
    expect(withFlags({ ...own, loss: 'confidence', 'weak-loss': 'confidence' }).message).toContain(
      'Expected xent for --weak-loss, as the supervisor learns from true labels',
    );
  });
});

describe('the task of files that were looked into', () => {
  it('gives the loss that nobody named, and refuses one that cannot serve it', () => {
    expect(resolveTrainConfig(own, undefined, 'completion')).toMatchObject({
      forWeak: { loss: 'completion', head: 'lm' },
      forStrong: { loss: 'completion', head: 'lm' },
    });
    expect(failure(() => resolveTrainConfig({ ...own, loss: 'xent' }, undefined, 'completion')).message).toBe(
      'Expected completion or lm for loss with the data set columns but received "xent".',
    );
  });
});

describe('heads', () => {
  it('follow the loss', () => {
    expect(resolveTrainConfig({ ...own, loss: 'completion' }).forStrong.head).toBe('lm');
    expect(resolveTrainConfig({ dataset: 'chess-legal' }).forStrong.head).toBe('likelihood');
    expect(resolveTrainConfig({ dataset: 'chess-legal', strongHead: 'linear' })).toMatchObject({
      forWeak: { head: 'likelihood' },
      forStrong: { head: 'linear' },
    });
  });

  it('are refused beside a loss they cannot serve', () => {
    expect(withFlags({ head: 'linear' }).message).toBe(
      'Expected lm for --head on data with completions but received "linear".',
    );
    expect(withFlags({ ...own, head: 'lm' }).message).toContain(
      'Expected linear, unembedding, tokens or likelihood',
    );
  });
});

describe('errors', () => {
  it.each([
    ['epochs', '0', 'a whole number from 1'],
    ['epochs', '1.5', 'a whole number'],
    ['epochs', 'two', 'a whole number'],
    ['epochs', '', 'a whole number'],
    ['batch-size', '0', 'a whole number from 1'],
    ['lr', '0', 'a finite number above 0'],
    ['lr', '-1', 'a finite number above 0'],
    ['lr', '1e999', 'a finite number above 0'],
    ['lr', 'NaN', 'a finite number above 0'],
    ['clip', '-1', 'a number from 0'],
    ['weight-decay', 'Infinity', 'a number from 0 to 1000000'],
    ['alpha-max', '1.1', 'a number from 0 to 1'],
    ['loss-warmup', '2', 'a number from 0 to 1 or as-released'],
    ['seed', '0,0', 'different whole numbers'],
    ['seed', '1,,2', 'whole numbers'],
    ['seed', '-1', 'whole numbers of at least 0'],
    ['train-size', '1', 'a whole number of at least 2'],
    ['test-size', '0', 'a whole number of at least 1'],
    ['max-context', '1', 'a whole number of at least 2'],
    ['threads', '0', 'a whole number from 1'],
    ['micro-batch-tokens', '0', 'a whole number of at least 1'],
    ['checkpoint-every', '-3', 'a number from 0'],
    ['device', 'gpu', 'auto, cpu, cuda or cuda:<index>'],
    ['dtype', 'f16', 'f32 or bf16'],
    ['schedule', 'cosin', 'constant, linear or cosine'],
    ['weak', ' ', 'a model'],
    ['weak-epochs', '0', 'a whole number from 1'],
  ])('names --%s %s', (flag, value, expected) => {
    const error = withFlags({ [flag]: value });
    expect(error.code).toBe('ERR_USAGE');
    expect(error.exitCode).toBe(2);
    expect(error.message).toContain(`for --${flag} but received`);
    expect(error.message).toContain(expected);
  });

  it.each([
    ['loss', 'confidense', '--loss confidence'],
    ['optimizer', 'adamW', '--optimizer adamw'],
    ['schedule', 'cosin', '--schedule cosine'],
    ['preset', 'open-ai', '--preset openai'],
    ['head', 'likelyhood', '--head likelihood'],
    ['device', 'cude', '--device cuda'],
  ])('offers the nearest name for --%s %s', (flag, value, right) => {
    expect(withFlags({ [flag]: value }).hint).toBe(`Did you mean ${right}?`);
  });

  it('names file and key', () => {
    const error = failure(() => resolveTrainConfig(layers({}, { epochs: 0 })));
    expect(error.code).toBe('ERR_CONFIG');
    expect(error.message).toBe(
      'Expected a whole number from 1 to 1000000 for epochs in e.yaml but received 0.',
    );
    const unknown = failure(() => resolveTrainConfig(layers({}, { 'bach-size': 3 })));
    expect(unknown.message).toBe('Expected a setting of train in e.yaml but received the key bach-size.');
    expect(unknown.hint).toBe('Did you mean batch-size?');
  });

  it('names the key of a call', () => {
    const error = failure(() => resolveTrainConfig({ batchSiez: 3 } as unknown as TrainRaw));
    expect(error.code).toBe('ERR_CONFIG');
    expect(error.hint).toBe('Did you mean batchSize?');
    expect(failure(() => resolveTrainConfig({ lr: Number.NaN })).message).toContain(
      'for lr but received NaN',
    );
    expect(failure(() => resolveTrainConfig(JSON.parse('{"__proto__": 1}') as TrainRaw)).exitCode).toBe(2);
  });

  it('asks for what is missing and refuses what contradicts', () => {
    expect(withFlags({ data: 'x.csv' }).message).toBe(
      'Expected --strong for data of your own but received nothing.',
    );
    expect(withFlags({ data: 'x.csv', strong: 'b' }).message).toContain('Expected --weak for');
    expect(withFlags({ 'weak-data': 'x' }).message).toContain('Expected --transfer-data');
    expect(withFlags({ 'weak-data': 'x', 'transfer-data': 'y' }).message).toContain('Expected --test-data');
    expect(withFlags({ data: 'z', 'weak-data': 'x', 'transfer-data': 'y' }).message).toContain('--weak-data');
    expect(withFlags({ 'test-data': 'y' }).message).toContain('Expected --data');
    expect(withFlags({ ...own, 'weak-labels': 'l' }).message).toContain('either --weak or --weak-labels');
  });

  it('takes labels from outside instead of a supervisor', () => {
    const config = resolveTrainConfig({ data: 'x.jsonl', strong: 'b', weakLabels: 'l.jsonl' });
    expect(config).toMatchObject({ weak: '', weakLabels: 'l.jsonl' });
    expect(resolveTrainConfig({ dataset: 'chess-legal', weakLabels: 'l.jsonl' }).weak).toBe('');
  });
});
