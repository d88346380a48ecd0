/** The check of gradients: right ones pass, and each mistake is told with its place and kind. */
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { probabilities } from '../../src/tasks/classification.js';
import { checkGradient, compareGradient, trustGradient } from '../../src/tasks/gradientCheck.js';
import { type BoundLoss, bindLoss, defineLoss, type LossOutput } from '../../src/tasks/loss.js';
import * as twins from '../../src/tasks/referenceLosses.js';

const KS = [2, 3, 7];

/** Squared error of the probabilities, ½ Σ (f − y)² / B, by whose gradient a mistake is made. */
function squared(mistake: (dLogits: Float32Array, batch: number) => Float32Array = (d) => d) {
  return (logits: Float32Array, targets: Float32Array, classes: number): LossOutput => {
    const batch = logits.length / classes;
    const f = probabilities(logits, classes);
    const dLogits = new Float32Array(logits.length);
    let loss = 0;
    for (let start = 0; start < logits.length; start += classes) {
      let mean = 0;
      for (let k = start; k < start + classes; k++) {
        const error = (f[k] as number) - (targets[k] as number);
        loss += (0.5 * error * error) / batch;
        mean += (f[k] as number) * error;
      }
      for (let k = start; k < start + classes; k++) {
        const error = (f[k] as number) - (targets[k] as number);
        dLogits[k] = ((f[k] as number) * (error - mean)) / batch;
      }
    }
    return { loss, dLogits: mistake(dLogits, batch) };
  };
}

function lossOf(compute: ReturnType<typeof squared>): BoundLoss {
  // One code for all of them: the check's memory goes by `source`.
  return bindLoss(
    defineLoss({ name: 'mine', apply: ({ logits, targets, classes }) => compute(logits, targets, classes) }),
    {},
    `test ${Math.random()}`,
  );
}

describe('right gradients', () => {
  it.each(KS)('squared error, K = %i', (classes) => {
    expect(compareGradient(lossOf(squared()), classes)).toMatchObject({ wrong: 0, worst: null });
  });

  const losses = Object.entries(twins).filter(([, value]) => 'apply' in value);

  it.each(losses)('the twin %s', (_, definition) => {
    const { wrong, entries } = compareGradient(bindLoss(definition as never), 2);
    expect(wrong).toBe(0);
    expect(entries).toBeGreaterThan(30);
  });

  it('sums in float32', () => {
    const rough = lossOf((logits, targets, classes) => {
      const { loss, dLogits } = squared()(logits, targets, classes);
      return { loss: Math.fround(loss), dLogits };
    });
    for (const classes of KS) expect(compareGradient(rough, classes).wrong).toBe(0);
  });

  it('kinks', () => {
    const absolute = lossOf((logits) => ({
      loss: logits.reduce((sum, z) => sum + Math.abs(z), 0) / 10,
      dLogits: logits.map((z) => Math.sign(z) / 10),
    }));
    for (const classes of KS) expect(compareGradient(absolute, classes).wrong).toBe(0);
  });

  it('a sample of very many classes', () => {
    const { wrong, entries } = compareGradient(lossOf(squared()), 300);
    expect(wrong).toBe(0);
    expect(entries).toBe(720);
  });
});

describe('wrong gradients', () => {
  it.each(KS)('a wrong sign, K = %i', (classes) => {
    const loss = lossOf(squared((d) => d.map((x) => -x)));
    const verdict = compareGradient(loss, classes);
    expect(verdict.ratio).toBeCloseTo(-1, 2);
    const { analytic, numeric } = verdict.worst ?? { analytic: 0, numeric: 0 };
    expect(analytic).toBeCloseTo(-numeric, 3);
    expect(() => checkGradient(loss, classes)).toThrow(
      /worst at row \d, class \d, dLogits \S+ where finite differences of the loss give \S+ \(.*the sign is the other way round\)/,
    );
  });

  it('a sum for a mean', () => {
    const loss = lossOf((logits, targets, classes) => {
      const { loss: value, dLogits } = squared((d, batch) => d.map((x) => x * batch))(
        logits,
        targets,
        classes,
      );
      return { loss: value, dLogits };
    });
    expect(compareGradient(loss, 2).wrong).toBeGreaterThan(20);
    expect(() => checkGradient(loss, 2)).toThrow(/Expected the gradient of its own loss/);
  });

  it('one entry of one row, and names it', () => {
    const loss = lossOf(
      squared((d) => {
        d[3] = (d[3] as number) + 0.02;
        return d;
      }),
    );
    const verdict = compareGradient(loss, 2);
    expect(verdict).toMatchObject({ wrong: 3, ratio: null, worst: { row: 1, class: 1 } });
  });

  it('a few per cent everywhere', () => {
    expect(compareGradient(lossOf(squared((d) => d.map((x) => 1.03 * x))), 3).worst).not.toBeNull();
  });

  it('a target that depends on the logits, unless it is declared detached', () => {
    const { confidence } = twins;
    const params = { threshold: 'half', alphaMax: 0.75, warmup: 0.2 } as const;
    // p² / Σ p² as the target: without `detached` its own gradient is missing.
    const sharpen = (logits: Float32Array, classes: number) => {
      const f = probabilities(logits, classes);
      return Float32Array.from(f, (p, i) => {
        const start = i - (i % classes);
        const sum = f.subarray(start, start + classes).reduce((total, q) => total + q * q, 0);
        return (p * p) / sum;
      });
    };
    const crossEntropy = (logits: Float32Array, target: Float32Array, classes: number) =>
      bindLoss(twins.crossEntropy).apply({ logits, targets: target, classes, progress: 0 });
    const careless = defineLoss({
      name: 'careless',
      apply: ({ logits, classes }) => crossEntropy(logits, sharpen(logits, classes), classes),
    });
    const careful = defineLoss({
      name: 'careful',
      detached: ({ logits, classes }) => sharpen(logits, classes),
      apply: ({ logits, classes, detached }) => crossEntropy(logits, detached, classes),
    });
    expect(compareGradient(bindLoss(careless), 2).worst).not.toBeNull();
    expect(compareGradient(bindLoss(careful), 2).worst).toBeNull();
    expect(compareGradient(bindLoss(confidence, params), 2).worst).toBeNull();
  });
});

describe('code that throws', () => {
  it.each(['apply', 'detached'] as const)('%s is told with the name of the loss', (part) => {
    const fine = { detached: () => null, apply: () => ({ loss: 0, dLogits: new Float32Array(4) }) };
    const throws = () => {
      throw new TypeError('boom');
    };
    const mine = bindLoss(defineLoss({ name: 'mine', ...fine, [part]: throws }));
    expect(() => compareGradient(mine, 2)).toThrow(
      `Expected a result from ${part} of loss mine but its function threw: boom`,
    );
  });
});

describe('wrong shapes', () => {
  const returning = (output: unknown) => lossOf(() => output as LossOutput);
  const batch = {
    logits: Float32Array.of(1, 2, 3, 4),
    targets: Float32Array.of(0, 1, 1, 0),
    classes: 2,
    progress: 0,
  };

  it.each([
    [undefined, /Expected \{ loss, dLogits \} from apply of loss mine but received nothing/],
    [{ dLogits: new Float32Array(4) }, /Expected a number for loss of loss mine but received nothing/],
    [
      { loss: 1, dLogits: [0, 0, 0, 0] },
      /Expected a Float32Array for dLogits of loss mine but received Array/,
    ],
    [{ loss: 1, dLogits: new Float32Array(3) }, /Expected 4 numbers for dLogits of loss mine but received 3/],
    [
      { loss: 1, dLogits: Float32Array.of(0, 0, Number.NaN, 0) },
      /Expected finite numbers for dLogits of loss mine but received NaN at row 1, class 0, where logits are \[3, 4\] and targets \[1, 0\]/,
    ],
  ])('%j', (output, message) => {
    expect(() => returning(output).apply(batch)).toThrow(message);
  });

  it('a loss that is not finite', () => {
    const loss = returning({ loss: Number.NaN, dLogits: new Float32Array(12) });
    expect(() => checkGradient(loss, 2)).toThrow(/Expected a finite loss of mine on the seeded batch/);
  });
});

describe('memory', () => {
  it('checks once for a code, its parameters and K', () => {
    let calls = 0;
    const counting = defineLoss({
      name: 'counting',
      params: z.object({ factor: z.number().default(1) }),
      apply({ logits, targets, classes }) {
        calls++;
        return squared()(logits, targets, classes);
      },
    });
    const first = bindLoss(counting, {}, 'counting 1');
    checkGradient(first, 2);
    const once = calls;
    checkGradient(bindLoss(counting, {}, 'counting 1'), 2);
    expect(calls).toBe(once);
    checkGradient(first, 3);
    expect(calls).toBeGreaterThan(once);
    const twice = calls;
    checkGradient(bindLoss(counting, { factor: 2 }, 'counting 1'), 2);
    expect(calls).toBeGreaterThan(twice);
  });

  it('trusts where told to, and no longer', () => {
    const wrong = lossOf(squared((d) => d.map((x) => -x)));
    trustGradient(wrong, true);
    expect(() => checkGradient(wrong, 2)).not.toThrow();
    trustGradient(wrong, false);
    expect(() => checkGradient(wrong, 2)).toThrow();
  });
});
