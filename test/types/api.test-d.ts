/** What the calls take and give, as an editor sees it. Checked by the compiler; nothing here runs. */
import { describe, expectTypeOf, test } from 'vitest';
import { z } from 'zod';
import {
  type BootstrapDocument,
  bootstrap,
  createTrainer,
  type DatasetDefinition,
  defineDataset,
  defineExperiment,
  defineLoss,
  type ERROR_EXIT_CODES,
  type ErrorCode,
  type EvaluateDocument,
  type ExperimentDocument,
  evaluate,
  finetune,
  type GapRecovered,
  type Interval,
  isW2sError,
  type LossDefinition,
  label,
  type Model,
  type NativeTrainerOptions,
  openModel,
  type PackedSequences,
  type RunEvent,
  runExperiment,
  type StepDocument,
  type TrainDocument,
  type Trainer,
  type TrainSettings,
  W2sError,
  weakToStrong,
} from '../../src/index.js';

describe('bootstrap', () => {
  test('takes a chain as a list or as text, and gives the document of bootstrap', () => {
    expectTypeOf(bootstrap).toBeCallableWith();
    expectTypeOf(bootstrap).toBeCallableWith({
      chain: ['a', 'b'],
      data: 'x.csv',
      seed: [0, 1],
      weakLr: 1e-3,
    });
    expectTypeOf(bootstrap).toBeCallableWith({ chain: 'a,b', earlyStop: 'labels' });
    expectTypeOf(bootstrap()).resolves.toEqualTypeOf<BootstrapDocument>();
    expectTypeOf<BootstrapDocument['arms']['union']['pgr']>().toEqualTypeOf<GapRecovered>();
  });
});

describe('weakToStrong', () => {
  test('needs nothing, and gives the document of train', () => {
    expectTypeOf(weakToStrong).toBeCallableWith();
    expectTypeOf(weakToStrong()).resolves.toEqualTypeOf<TrainDocument>();
    expectTypeOf<TrainDocument['schema']>().toEqualTypeOf<'w2s-native/train@1'>();
    expectTypeOf<TrainDocument['pgr']>().toEqualTypeOf<GapRecovered>();
    expectTypeOf<GapRecovered['value']>().toEqualTypeOf<number | null>();
    expectTypeOf<TrainDocument['weak']['ci95']>().toEqualTypeOf<Interval>();
    expectTypeOf<TrainDocument['zeroShot']>().toExtend<{ accuracy: number } | null>();
  });

  test('settings are the flags in camelCase, for one model too', () => {
    expectTypeOf<'xent' | 'confidence' | './mine.mjs' | 'mine.ts'>().toExtend<TrainSettings['loss']>();
    expectTypeOf<TrainSettings['seed']>().toEqualTypeOf<number | readonly number[] | undefined>();
    expectTypeOf<TrainSettings['weakLr']>().toEqualTypeOf<number | undefined>();
    expectTypeOf<TrainSettings['strongHead']>().toEqualTypeOf<TrainSettings['head']>();
    expectTypeOf<TrainSettings['lossWarmup']>().toEqualTypeOf<number | 'as-released' | undefined>();
    // @ts-expect-error A misspelt setting.
    weakToStrong({ batchsize: 1 });
    // @ts-expect-error No such loss.
    weakToStrong({ loss: 'cross-entropy' });
    // @ts-expect-error Flags are not spelt so here.
    weakToStrong({ 'batch-size': 1 });
  });

  test('options bring a signal, events and a loss of one’s own', () => {
    weakToStrong(
      {},
      {
        signal: AbortSignal.timeout(1),
        onEvent(event) {
          expectTypeOf(event).toEqualTypeOf<RunEvent>();
          if (event.type === 'progress') expectTypeOf(event.done).toBeNumber();
          if (event.type === 'step-done') expectTypeOf(event.accuracy).toEqualTypeOf<number | null>();
        },
      },
    );
  });
});

describe('single steps', () => {
  test('give their documents', () => {
    expectTypeOf(finetune).returns.resolves.toEqualTypeOf<StepDocument>();
    expectTypeOf(label).returns.resolves.toEqualTypeOf<StepDocument>();
    expectTypeOf(evaluate).returns.resolves.toEqualTypeOf<EvaluateDocument>();
    expectTypeOf<EvaluateDocument>().toExtend<StepDocument>();
    expectTypeOf<EvaluateDocument['auroc']>().toEqualTypeOf<number | null>();
    // @ts-expect-error label trains nothing.
    label({ model: 'chess-xs', epochs: 2 });
  });
});

describe('defineLoss', () => {
  test('takes the parameters’ type from their schema', () => {
    const loss = defineLoss({
      name: 'tempered',
      params: z.object({ beta: z.number().default(1), kind: z.enum(['a', 'b']) }),
      apply({ logits, targets, classes, params, progress }) {
        expectTypeOf(params).toEqualTypeOf<{ beta: number; kind: 'a' | 'b' }>();
        expectTypeOf(logits).toEqualTypeOf<Float32Array>();
        expectTypeOf(targets).toEqualTypeOf<Float32Array>();
        expectTypeOf(classes).toBeNumber();
        expectTypeOf(progress).toBeNumber();
        return { loss: params.beta, dLogits: logits };
      },
    });
    expectTypeOf(loss).toEqualTypeOf<LossDefinition<{ beta: number; kind: 'a' | 'b' }>>();
  });

  test('such a loss can be given to weakToStrong', () => {
    const loss = defineLoss({
      name: 'mine',
      params: z.object({ beta: z.number() }),
      apply: ({ logits, params }) => ({ loss: params.beta, dLogits: logits }),
    });
    expectTypeOf(weakToStrong).toBeCallableWith({}, { loss, lossParams: { beta: 2 } });
    expectTypeOf(finetune).toBeCallableWith({ model: 'chess-xs' }, { loss });
  });

  test('what it holds constant is typed by what computes it', () => {
    const loss = defineLoss({
      name: 'mine',
      params: z.object({ beta: z.number() }),
      detached: ({ targets, params }) => ({ mixed: targets, by: params.beta }),
      apply({ logits, detached }) {
        expectTypeOf(detached).toEqualTypeOf<{ mixed: Float32Array; by: number }>();
        return { loss: 0, dLogits: logits };
      },
    });
    expectTypeOf(weakToStrong).toBeCallableWith({}, { loss, skipGradientCheck: true });
  });

  test('without a schema it has no parameters', () => {
    defineLoss({
      name: 'mine',
      apply({ logits, params }) {
        expectTypeOf(params).toEqualTypeOf<Record<string, never>>();
        return { loss: 0, dLogits: logits };
      },
    });
  });

  test('must give a gradient', () => {
    // @ts-expect-error No dLogits.
    defineLoss({ name: 'wrong', params: z.object({}), apply: () => ({ loss: 1 }) });
  });
});

describe('a data set of one’s own', () => {
  test('has columns, or functions of a record', () => {
    const dataset = defineDataset({
      name: 'mine',
      source: { train: 'a.csv', test: new URL('file:///b.csv') },
      text(row) {
        expectTypeOf(row.anything).toBeUnknown();
        return `${row.question}`;
      },
      label: 'answer',
    });
    expectTypeOf(dataset).toEqualTypeOf<DatasetDefinition>();
    expectTypeOf(weakToStrong).toBeCallableWith({}, { dataset });
    expectTypeOf(evaluate).toBeCallableWith({ model: 'chess-xs' }, { dataset });
    // @ts-expect-error A text is text.
    defineDataset({ name: 'wrong', text: () => 3, label: 'answer' });
    // @ts-expect-error No such role.
    defineDataset({ name: 'wrong', text: 'a', label: 'b', source: { dev: 'c' } });
  });
});

describe('an experiment of one’s own', () => {
  test('plans with its parameters', () => {
    const experiment = defineExperiment({
      name: 'mine',
      params: z.object({ rounds: z.int().default(2) }),
      plan({ strong, truth, supervise }, { rounds }) {
        expectTypeOf(rounds).toBeNumber();
        strong.learn('student', { labels: supervise(), loss: 'plain' }).evaluate({ role: 'student' });
        strong.learn('ceiling', { labels: truth }).evaluate();
        // @ts-expect-error Labels are no text.
        strong.learn('wrong', { labels: 'weak' });
      },
    });
    expectTypeOf(runExperiment(experiment)).resolves.toEqualTypeOf<ExperimentDocument>();
    expectTypeOf(runExperiment).toBeCallableWith('./mine.ts', { seed: [0, 1], params: { rounds: 3 } });
    // @ts-expect-error How many there are is the experiment’s affair.
    runExperiment(experiment, { rounds: 2 });
  });
});

describe('the engine', () => {
  test('openModel gives a disposable model', () => {
    expectTypeOf(openModel).parameter(0).toBeString();
    expectTypeOf(openModel).returns.resolves.toEqualTypeOf<Model>();
    expectTypeOf<Model>().toExtend<AsyncDisposable>();
    expectTypeOf<Model['encode']>().returns.resolves.toEqualTypeOf<PackedSequences>();
    expectTypeOf<Model['hidden']>().returns.resolves.toEqualTypeOf<Float32Array>();
    // @ts-expect-error No such head.
    openModel('chess-xs', { head: 'linear' });
  });

  test('createTrainer takes any of its options', () => {
    expectTypeOf(createTrainer).parameter(1).toEqualTypeOf<Partial<NativeTrainerOptions> | undefined>();
    expectTypeOf(createTrainer).returns.toEqualTypeOf<Trainer>();
    expectTypeOf<Trainer['step']>().returns.resolves.toEqualTypeOf<{ gradNorm: number }>();
  });
});

describe('errors', () => {
  test('isW2sError narrows', () => {
    const caught: unknown = null;
    if (isW2sError(caught, 'ERR_DATA')) {
      expectTypeOf(caught).toEqualTypeOf<W2sError>();
      expectTypeOf(caught.hint).toEqualTypeOf<string | undefined>();
      expectTypeOf(caught.exitCode).toBeNumber();
    }
    // @ts-expect-error No such code.
    isW2sError(caught, 'ERR_DATUM');
  });

  test('codes are a closed set', () => {
    expectTypeOf<ErrorCode>().toEqualTypeOf<keyof typeof ERROR_EXIT_CODES>();
    expectTypeOf<W2sError['code']>().toEqualTypeOf<ErrorCode>();
    expectTypeOf(W2sError).toBeConstructibleWith('ERR_DATA', 'A sentence.', { hint: 'type this' });
  });
});
