/** How a model learns: what is resolved, and what contradicts itself. */
import { describe, expect, it } from 'vitest';
import { parseLayer } from '../../src/config/layers.js';
import { resolveEvaluateConfig } from '../../src/config/steps.js';
import { allTrainKeys, resolveTrainConfig, type TrainRaw } from '../../src/config/train.js';
import { isW2sError, type W2sError } from '../../src/errors.js';

const own = { weak: 'a', strong: 'b', data: 'rows.jsonl' };

const resolve = (flags: Record<string, unknown>) =>
  resolveTrainConfig([
    parseLayer<TrainRaw>(allTrainKeys, { ...own, ...flags }, { kind: 'flags', command: 'train' }),
  ]);

function failure(flags: Record<string, unknown>): W2sError {
  try {
    resolve(flags);
  } catch (error) {
    if (isW2sError(error)) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('the method', () => {
  it('is fine-tuning, of which nothing is said', () => {
    const { forWeak, forStrong } = resolve({});
    for (const key of ['method', 'probeFit', 'probeL2', 'shots', 'template', 'answers', 'answerVocabulary']) {
      expect(forWeak).not.toHaveProperty(key);
      expect(forStrong).not.toHaveProperty(key);
    }
  });

  it('probes as the paper does, or by L-BFGS with a penalty', () => {
    const { forWeak, forStrong } = resolve({ 'strong-method': 'probe' });
    expect(forWeak).not.toHaveProperty('method');
    expect(forStrong).toMatchObject({
      method: 'probe',
      probeFit: 'adam',
      probeEpochs: 200,
      probeLr: 1e-3,
      probeL2: 0,
    });
    const lbfgs = resolve({ method: 'finetune-then-probe', 'probe-fit': 'lbfgs' }).forStrong;
    expect(lbfgs).toMatchObject({ method: 'finetune-then-probe', probeFit: 'lbfgs', probeL2: 1e-3 });
    expect(lbfgs).not.toHaveProperty('probeEpochs');
  });

  it('asks in a prompt by answer tokens, after a template', () => {
    expect(resolve({ 'strong-method': 'prompt' }).forStrong).toMatchObject({
      method: 'prompt',
      head: 'tokens',
      shots: 8,
      template: '{text}\nAnswer:',
      answerVocabulary: 'restricted',
    });
    expect(
      resolve({ method: 'prompt', shots: '0', template: 'T: {text}\\nA:', answers: 'A, B' }).forStrong,
    ).toMatchObject({ shots: 0, template: 'T: {text}\nA:', answers: 'A, B' });
    expect(resolve({ head: 'tokens', 'answer-vocabulary': 'full' }).forWeak).toMatchObject({
      head: 'tokens',
      answerVocabulary: 'full',
    });
  });

  it('takes features instead of models, and then needs no text', () => {
    const { weak: _weak, strong: _strong, ...data } = own;
    const both = { 'weak-features': 'w.safetensors', 'strong-features': 's.parquet' };
    const config = resolveTrainConfig([
      parseLayer<TrainRaw>(allTrainKeys, { ...data, ...both }, { kind: 'flags', command: 'train' }),
    ]);
    expect(config).toMatchObject({
      weak: '',
      strong: '',
      weakFeatures: 'w.safetensors',
      strongFeatures: 's.parquet',
      noText: true,
      forWeak: { method: 'probe' },
      forStrong: { method: 'probe' },
    });
    // One side alone: the other model reads texts.
    const one = resolveTrainConfig({ ...data, weak: 'a', strongFeatures: 's.parquet' });
    expect(one).not.toHaveProperty('noText');
    expect(one.forWeak).not.toHaveProperty('method');
  });
});

describe('contradictions name the settings', () => {
  it.each([
    [{ method: 'probe', loss: 'confidence' }, '--method probe', 'Expected xent for --loss'],
    [{ method: 'prompt', loss: 'confidence' }, '--method prompt', 'Expected xent for --loss'],
    [{ method: 'probe', head: 'unembedding' }, '--head', 'linear or scalar'],
    [{ method: 'prompt', head: 'linear' }, '--head', 'tokens or lm'],
    [{ 'probe-lr': 0.1 }, '--probe-lr', 'a probe fitted by Adam'],
    [
      { method: 'probe', 'probe-fit': 'lbfgs', 'probe-epochs': 3 },
      '--probe-epochs',
      'a probe fitted by Adam',
    ],
    [{ 'weak-method': 'probe', 'strong-probe-l2': 1 }, '--strong-probe-l2', 'a probe'],
    [{ shots: 2 }, '--shots', 'a prompt'],
    [{ answers: 'A,B' }, '--answers', 'a head of answer tokens'],
    [{ head: 'unembedding', 'answer-vocabulary': 'full' }, '--answer-vocabulary', 'the head tokens'],
    [{ head: 'likelihood', template: '{text}:' }, '--template', 'a head that reads a text'],
    [{ head: 'tokens', template: 'no place' }, '--template', 'Expected {text} once'],
    [{ head: 'tokens', template: '{text} A: ' }, '--template', 'no blank at the end'],
    [{ 'strong-features': 's.parquet' }, '--strong-features', 'either --strong or'],
    [{ 'weak-features': 's.parquet' }, '--weak-features', 'either --weak or'],
  ])('%o', (flags, name, words) => {
    const error = failure(flags);
    expect(error.code).toBe('ERR_USAGE');
    expect(error.message).toContain(name);
    expect(error.message).toContain(words);
  });

  it('features are read by a probe', () => {
    const { strong: _strong, ...rest } = own;
    const flags = { ...rest, 'strong-features': 's.parquet', 'strong-method': 'finetune' };
    expect(() =>
      resolveTrainConfig([parseLayer<TrainRaw>(allTrainKeys, flags, { kind: 'flags', command: 'train' })]),
    ).toThrow('Expected probe for --strong-method beside --strong-features but received "finetune"');
  });

  it('of data with completions there is nothing to probe', () => {
    expect(failure({ dataset: 'chess-puzzles', method: 'probe', data: undefined }).message).toContain(
      'Expected data with classes or preferences for --method probe but received completions',
    );
  });

  it('a setting of one method may stand for both models', () => {
    expect(resolve({ 'weak-method': 'probe', 'probe-lr': 0.1 }).forWeak).toMatchObject({ probeLr: 0.1 });
    expect(resolve({ 'strong-method': 'prompt', shots: 3 }).forStrong).toMatchObject({ shots: 3 });
  });
});

describe('evaluate and label', () => {
  it('read answer tokens after a template', () => {
    const config = resolveEvaluateConfig({ model: 'm', testData: 't.jsonl', head: 'tokens', answers: 'A,B' });
    expect(config.settings).toMatchObject({ head: 'tokens', answers: 'A,B', template: '{text}\nAnswer:' });
  });
});
