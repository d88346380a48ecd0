/** The losses at numbers that can be worked out by hand, and their gradients by finite differences. */
import { describe, expect, test } from 'vitest';
import { stream } from '../../src/data/random.js';
import { probabilities } from '../../src/tasks/classification.js';
import { type BoundLoss, bindLoss, type LossDefinition } from '../../src/tasks/loss.js';
import {
  adaptiveConfidence,
  confidence,
  crossEntropy,
  entropy,
  product,
  reverseKl,
  window,
} from '../../src/tasks/referenceLosses.js';

const { log } = Math;

/** One example with f = (¼, ¾). */
const LOGITS = Float32Array.of(0, log(3));

function said<P, D>(
  loss: LossDefinition<P, D>,
  params: object,
  targets: number[],
  logits: Float32Array = LOGITS,
) {
  const input = { logits, targets: Float32Array.from(targets), classes: 2, progress: 1 };
  const { loss: value, dLogits } = bindLoss(loss, params).apply(input);
  return [value, ...dLogits];
}

const near = (...values: number[]) => values.map((value) => expect.closeTo(value, 6));

describe('at f = (¼, ¾)', () => {
  test('product: against even labels the target is f, at which nothing moves', () => {
    const own = -(0.25 * log(0.25) + 0.75 * log(0.75));
    expect(said(product, {}, [0.5, 0.5])).toEqual(near(own, 0, 0));
  });

  test('product: against y = (¾, ¼) it is even, against a hard label that label', () => {
    const even = -0.5 * (log(0.25) + log(0.75));
    expect(said(product, {}, [0.75, 0.25])).toEqual(near(even, -0.25, 0.25));
    expect(said(product, {}, [1, 0])).toEqual(near(log(4), -0.75, 0.75));
  });

  test('product: β = 0 leaves the label, α = 0 sharpens f alone', () => {
    expect(said(product, { beta: 0 }, [0.6, 0.4])).toEqual(said(crossEntropy, {}, [0.6, 0.4]));
    // f² ∝ (1, 9)
    expect(said(product, { alpha: 0, beta: 2 }, [1, 0])).toEqual(
      near(-(0.1 * log(0.25) + 0.9 * log(0.75)), 0.15, -0.15),
    );
  });

  test('reverse-kl', () => {
    const divergence = 0.25 * log(0.5) + 0.75 * log(1.5);
    const slope = 0.25 * (log(0.5) - divergence);
    const found = said(reverseKl, {}, [0.5, 0.5]);
    expect(found).toEqual(near(divergence, slope, -slope));
    expect(said(reverseKl, {}, [0.25, 0.75])[0]).toBeCloseTo(0, 5);
  });

  test('reverse-kl of a hard label is finite: a millionth stands for 0', () => {
    const [loss] = said(reverseKl, {}, [1, 0]);
    expect(loss).toBeCloseTo(0.25 * log(0.25) + 0.75 * log(0.75 / 5e-7), 5);
  });

  test('window: ¾ lies inside only where it is below ½ + r', () => {
    expect(said(window, { radius: 0.2 }, [1, 0])).toEqual([0, 0, 0]);
    expect(said(window, { radius: 0.3 }, [1, 0])).toEqual(near(log(4), -0.75, 0.75));
  });

  test('window, median: the less sure half, still divided by all', () => {
    const logits = Float32Array.of(0, log(3), 0, log(2), 0, log(9), 0, log(1.5));
    const [loss, ...slopes] = said(window, { radius: 'median' }, [1, 0, 1, 0, 1, 0, 1, 0], logits);
    expect(loss).toBeCloseTo((log(3) + log(2.5)) / 4, 6);
    expect(slopes.map((slope) => slope === 0)).toEqual([true, true, false, false, true, true, false, false]);
  });

  test('entropy', () => {
    const h = -(0.25 * log(0.25) + 0.75 * log(0.75));
    const slope = -0.25 * (log(0.25) + h);
    expect(said(entropy, { alphaMax: 1, warmup: 0 }, [1, 0])).toEqual(near(h, slope, -slope));
    expect(said(entropy, { alphaMax: 0.5, warmup: 0 }, [1, 0])[0]).toBeCloseTo((h + log(4)) / 2, 6);
  });

  test('adaptive-confidence: β is ½ where both agree, ¼ where the label says the other', () => {
    // e^{CE(f, f̂)} = 4/3 against e^{CE(f, ŷ)} = 4: β = ¼, and the target ¾ (0.9, 0.1) + ¼ (0, 1).
    const target = [0.675, 0.325];
    const loss = -(target[0]! * log(0.25) + target[1]! * log(0.75));
    expect(said(adaptiveConfidence, {}, [0.9, 0.1])).toEqual(near(loss, -0.425, 0.425));
    const agree = -(0.05 * log(0.25) + 0.95 * log(0.75));
    expect(said(adaptiveConfidence, {}, [0.1, 0.9])).toEqual(near(agree, 0.2, -0.2));
  });

  test('adaptive-confidence: a fresh student, all classes equal, follows the label alone', () => {
    const found = said(adaptiveConfidence, {}, [0.2, 0.8], new Float32Array(2));
    expect(found).toEqual(near(log(2), 0.15, -0.15));
  });

  test('confidence: a number is what P(label 1) must reach', () => {
    const full = { alphaMax: 1, warmup: 0 };
    expect(said(confidence, { ...full, threshold: 0.7 }, [1, 0])[0]).toBeCloseTo(-log(0.75), 6);
    expect(said(confidence, { ...full, threshold: 0.8 }, [1, 0])[0]).toBeCloseTo(log(4), 6);
  });
});

describe('thresholds of the confidence loss over a batch, by hand', () => {
  // P(label 1) = 0.9, 0.75, 0.6, 0.2; weak P(label 1) has the mean ¼.
  const logits = Float32Array.of(0, log(9), 0, log(3), 0, log(1.5), 0, log(0.25));
  const weak = [0.7, 0.3, 0.7, 0.3, 0.8, 0.2, 0.8, 0.2];
  const full = { alphaMax: 1, warmup: 0 };

  test('half: the two surest are positive', () => {
    const wanted = -(log(0.9) + log(0.75) + log(0.4) + log(0.8)) / 4;
    expect(said(confidence, { ...full, threshold: 'half' }, weak, logits)[0]).toBeCloseTo(wanted, 6);
  });

  test('weak-mean: the ¼-quantile of P(label 0) is 0.2125, below which lies the first alone', () => {
    const wanted = -(log(0.9) + log(0.25) + log(0.4) + log(0.8)) / 4;
    expect(said(confidence, { ...full, threshold: 'weak-mean' }, weak, logits)[0]).toBeCloseTo(wanted, 6);
  });

  test('α mixes label and hardened prediction', () => {
    const own = -(log(0.9) + log(0.75) + log(0.4) + log(0.8)) / 4;
    const label =
      -(0.7 * log(0.1) + 0.3 * log(0.9) + 0.7 * log(0.25) + 0.3 * log(0.75)) / 4 -
      (0.8 * log(0.4) + 0.2 * log(0.6) + 0.8 * log(0.8) + 0.2 * log(0.2)) / 4;
    const params = { alphaMax: 0.75, warmup: 0, threshold: 'half' };
    expect(said(confidence, params, weak, logits)[0]).toBeCloseTo(0.25 * label + 0.75 * own, 6);
  });
});

const ALL: [string, BoundLoss][] = [
  ['xent', bindLoss(crossEntropy)],
  ['confidence', bindLoss(confidence, { threshold: 0.4 })],
  ['product', bindLoss(product, { alpha: 0.5, beta: 1.5 })],
  ['reverse-kl', bindLoss(reverseKl)],
  ['window', bindLoss(window, { radius: 'median' })],
  ['entropy', bindLoss(entropy)],
  ['adaptive-confidence', bindLoss(adaptiveConfidence, { temperature: 0.7 })],
];

test.each(ALL)('%s of weight 2 counts twice, of weight 0 not at all', (_, loss) => {
  const at = (...targets: number[]) => {
    const { loss: value, dLogits } = loss.apply({
      logits: LOGITS,
      targets: Float32Array.from(targets),
      classes: 2,
      progress: 1,
    });
    return [value, ...dLogits];
  };
  expect(at(0.6, 1.4)).toEqual(near(...at(0.3, 0.7).map((value) => 2 * value)));
  expect(at(0, 0)).toEqual(near(0, 0, 0));
});

test.each(ALL)(
  'the gradient of %s, what is detached held fast, against central differences',
  (name, loss) => {
    const random = stream(3, 'reference-losses');
    const normals = (count: number) => Array.from({ length: count }, () => random.normal());
    for (const classes of name === 'confidence' ? [2] : [2, 3]) {
      const logits = Float32Array.from(normals(4 * classes));
      const targets = Float32Array.from(probabilities(normals(4 * classes), classes));
      const input = { logits, targets, classes, progress: 0.8 };
      const detached = loss.detached(input);
      const at = (values: Float32Array) => loss.applyWith({ ...input, logits: values }, detached);
      at(logits).dLogits.forEach((slope, i) => {
        const [above, below] = [2 ** -8, -(2 ** -8)].map((h) => at(logits.with(i, logits[i]! + h)).loss);
        expect(slope).toBeCloseTo((above! - below!) / 2 ** -7, 4);
      });
    }
  },
);
