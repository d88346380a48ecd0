/** A linear classifier's logits: by hand, and without holding up the event loop. */
import { describe, expect, it } from 'vitest';
import { linearLogits } from '../../src/tasks/linear.js';

describe('logits of a linear classifier', () => {
  it('are W x + b, row by row', async () => {
    const fitted = { weight: Float32Array.of(1, 2, 3, -4, 0, 0.5), bias: Float32Array.of(10, -1) };
    const features = Float32Array.of(1, 1, 1, 0, 2, -2);
    expect([...(await linearLogits(fitted, features))]).toEqual([16, -4.5, 8, -2]);
    expect(await linearLogits(fitted, new Float32Array())).toHaveLength(0);
  });

  it('let an interrupt in between rows', async () => {
    const fitted = { weight: new Float32Array(2 * 2048), bias: new Float32Array(2) };
    const features = new Float32Array(20_000 * 2048);
    const stop = new Error('stop');
    const running = linearLogits(fitted, features, () => {
      throw stop;
    });
    await expect(running).rejects.toBe(stop);
  });
});
