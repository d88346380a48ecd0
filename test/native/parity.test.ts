/** Read-outs, losses and gradients of every family against Transformers (test/golden, made by scripts/golden). */
import { describe, expect, it } from 'vitest';
import type { NativeModel, NativeObjective, PackedSequences } from '../../src/native/binding.js';
import {
  completions,
  expectedOf,
  type FixtureTensors,
  floats,
  goldenCases,
  gradientError,
  ints,
  norm,
  openClassifier,
  openModel,
  packed,
  ROOMY,
  relativeError,
  trainer,
} from './fixtures.js';

const LOGITS = 1e-5;
const GRADIENTS = 1e-4;

/** Reference gradients of one objective by the engine's parameter names. */
function referenceGradients(expected: FixtureTensors, objective: string): Map<string, Float32Array> {
  const prefix = `grad.${objective}.`;
  const heads: Record<string, string> = {
    head: 'score.weight',
    scale: 'likelihood.scale',
    bias: 'likelihood.bias',
  };
  const names = [...expected.keys()].filter((name) => name.startsWith(prefix));
  return new Map(
    names.map((name) => {
      const parameter = name.slice(prefix.length);
      return [heads[parameter] ?? parameter, floats(expected, name)];
    }),
  );
}

async function expectGradients(
  model: NativeModel,
  batch: PackedSequences,
  objective: NativeObjective,
  reference: Map<string, Float32Array>,
  loss: number,
) {
  const run = trainer(model);
  const result = await run.forwardBackward(batch, objective);
  expect(Math.abs(result.loss - loss) / loss).toBeLessThan(LOGITS);
  const all = norm([...reference.values()].map(norm));
  const errors: Record<string, number> = {};
  for (const name of model.parameterNames()) {
    const found = await run.gradient(name);
    const wanted = reference.get(name);
    if (wanted) errors[name] = gradientError(found, wanted, all);
    else expect(norm(found), `${name} has no reference gradient`).toBe(0);
  }
  const wrong = Object.entries(errors).filter(([, error]) => !(error <= GRADIENTS));
  expect(wrong).toEqual([]);
  expect(new Set(Object.keys(errors))).toEqual(new Set(reference.keys()));
  run.dispose();
  return result;
}

describe.each(goldenCases)('$name', (golden) => {
  const expected = expectedOf(golden);
  const head = floats(expected, 'cls.head');
  const labels = expected.get('cls.head')!.shape[0]!;

  it('gives the final hidden states and the logits of a classifier', async () => {
    const model = await openClassifier(golden.folder, labels, head);
    const sequences = packed(expected, 'cls');
    expect(model.info.family).toBe(golden.manifest.family);
    expect(relativeError(await model.hidden(sequences, ROOMY), floats(expected, 'cls.hidden'))).toBeLessThan(
      LOGITS,
    );
    const { logits } = await model.score(sequences, ROOMY);
    expect(relativeError(logits, floats(expected, 'cls.logits'))).toBeLessThan(LOGITS);
    model.dispose();
  });

  it('gives the log-probabilities of the language model', async () => {
    const model = await openModel(golden.folder);
    const found = await model.score(packed(expected, 'text'), ROOMY);
    const wanted = floats(expected, 'text.log_probabilities');
    expect(relativeError(found.logProbabilities, wanted)).toBeLessThan(LOGITS);
    expect(found.argmax).toEqual(ints(expected, 'text.argmax'));
    expect(found.targetOffsets[found.targetOffsets.length - 1]).toBe(wanted.length);
    model.dispose();
  });

  it('gives the gradients of cross-entropy on soft labels', async () => {
    const model = await openClassifier(golden.folder, labels, head);
    const targets = floats(expected, 'cls.targets');
    const reference = referenceGradients(expected, 'xent');
    const loss = floats(expected, 'cls.loss')[0]!;
    const result = await expectGradients(
      model,
      packed(expected, 'cls'),
      { loss: 'xent', targets },
      reference,
      loss,
    );
    expect(relativeError(result.logits, floats(expected, 'cls.logits'))).toBeLessThan(LOGITS);
    model.dispose();
  });

  it.each([
    ['lm', packed(expected, 'text')],
    ['completion', completions(expected)],
  ] as const)('gives the gradients of the %s loss', async (name, batch) => {
    const model = await openModel(golden.folder);
    const loss = floats(expected, `${name}.loss`)[0]!;
    await expectGradients(model, batch, { loss: 'lm' }, referenceGradients(expected, name), loss);
    model.dispose();
  });

  it('gives the logits and gradients of a likelihood head', async () => {
    const model = await openModel(golden.folder, { head: 'likelihood' });
    const [scale, bias] = [floats(expected, 'likelihood.scale')[0]!, floats(expected, 'likelihood.bias')[0]!];
    await model.setLikelihood({ scale, bias });
    const batch = completions(expected);
    const wanted = floats(expected, 'likelihood.logits');
    expect(relativeError((await model.score(batch, ROOMY)).logits, wanted)).toBeLessThan(LOGITS);
    const targets = floats(expected, 'likelihood.targets');
    const reference = referenceGradients(expected, 'likelihood');
    const loss = floats(expected, 'likelihood.loss')[0]!;
    const result = await expectGradients(model, batch, { loss: 'xent', targets }, reference, loss);
    expect(relativeError(result.logits, wanted)).toBeLessThan(LOGITS);
    model.dispose();
  });
});
