/** Attention as CUDA kernels are called, over offsets, on the CPU: which kernel, which keys, which gradients. */
import { describe, expect, it } from 'vitest';
import type { AttentionCheckOptions, PackedSequences } from '../../src/native/binding.js';
import { binding, packOf } from './fixtures.js';

const shape = { heads: 4, keyHeads: 2, headSize: 8 };
const question = [5, 6, 7, 8, 9];
const plainTexts = packOf([[1, 2, 3], [4], [5, 6, 7, 8, 9, 1, 2], [3, 3]]);
const related = packOf([
  [...question, 1],
  [...question, 2, 3],
  [...question, 2, 4, 4],
  [7, 7, 7, 7],
  [5, 6],
]);

function check(sequences: PackedSequences, options: Partial<AttentionCheckOptions>) {
  return binding.checkAttention(sequences, { reading: 'last-token', ...shape, ...options });
}

describe('attention over offsets', () => {
  const cases: { name: string; sequences: PackedSequences; options: Partial<AttentionCheckOptions> }[] = [
    { name: 'last tokens', sequences: plainTexts, options: {} },
    { name: 'targets', sequences: plainTexts, options: { reading: 'targets' } },
    {
      name: 'targets from the middle',
      sequences: { ...plainTexts, targetStarts: Int32Array.of(2, 1, 4, 2) },
      options: { reading: 'targets' },
    },
    { name: 'shared beginnings', sequences: related, options: { sharePrefixes: true } },
    {
      name: 'shared beginnings and targets',
      sequences: { ...related, targetStarts: Int32Array.of(5, 5, 5, 1, 2) },
      options: { sharePrefixes: true, reading: 'targets' },
    },
    { name: 'padding rows', sequences: plainTexts, options: { roundRowsTo: 8 } },
    {
      name: 'padding rows beside shared beginnings',
      sequences: related,
      options: { roundRowsTo: 16, sharePrefixes: true },
    },
    { name: 'a window', sequences: plainTexts, options: { window: 2 } },
    {
      name: 'a window and shared beginnings',
      sequences: related,
      options: { window: 3, sharePrefixes: true },
    },
    { name: 'one head for all queries', sequences: related, options: { keyHeads: 1, sharePrefixes: true } },
  ];
  for (const { name, sequences, options } of cases) {
    it(`gives the plain attention's output and gradients: ${name}`, () => {
      const { all, read } = check(sequences, options);
      for (const { differences } of [all, read]) {
        expect(differences).toBeDefined();
        for (const difference of Object.values(differences ?? {})) expect(difference).toBeLessThan(1e-5);
      }
    });
  }
});

describe('the keys of a branch', () => {
  const layouts = (sequences: PackedSequences, reading: 'last-token' | 'targets', sharePrefixes = false) =>
    binding.packMicroBatches(sequences, { reading, microBatchTokens: 1000, sharePrefixes })[0]!;

  it('are the rows in order where nothing is shared and everything is seen', () => {
    const { all, read } = layouts(plainTexts, 'last-token');
    for (const layout of [all, read]) {
      expect(layout.keyRows).toBeUndefined();
      expect([...layout.keyOffsets]).toEqual([0, 7, 10, 12, 13]);
      expect(layout.trailing).toBe(true);
    }
    expect([...read.queryOffsets]).toEqual([0, 1, 2, 3, 4]);
  });

  it('end with the last row that is read', () => {
    const { read } = layouts(plainTexts, 'targets');
    // The last token predicts nothing; a sequence of one token has no query and so no key.
    expect([...read.keyRows!]).toEqual([0, 1, 2, 3, 4, 5, 7, 8, 10]);
    expect([...read.keyOffsets]).toEqual([0, 6, 8, 9, 9]);
    expect([...read.queryOffsets]).toEqual([0, 6, 8, 9, 9]);
    expect(read.trailing).toBe(true);
  });

  it('come once for each branch that sees them', () => {
    const { all, tokens } = layouts(
      packOf([
        [...question, 1],
        [...question, 2],
      ]),
      'last-token',
      true,
    );
    expect([...tokens]).toEqual([...question, 1, 2]);
    expect([...all.keyRows!]).toEqual([0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 6]);
    expect([...all.keyOffsets]).toEqual([0, 6, 12]);
    expect([...all.queryOffsets]).toEqual([0, 6, 7]);
  });

  it('do not trail where rows between queries are not read', () => {
    // The second reads the end of the shared beginning, the first only what comes two rows later.
    const texts = [
      [...question, 1, 2, 3],
      [...question, 4],
    ];
    const sequences = { ...packOf(texts), targetStarts: Int32Array.of(7, 5) };
    const { read } = layouts(sequences, 'targets', true);
    expect(read.trailing).toBe(false);
    expect(check(sequences, { reading: 'targets', sharePrefixes: true }).read.paths.bf16).toBe('plain');
  });
});

describe('the kernel', () => {
  it('is flash attention in 16 bits and efficient attention in float32', () => {
    const { all, read } = check(plainTexts, {});
    for (const { paths } of [all, read])
      expect(paths).toEqual({ f32: 'efficient', bf16: 'flash', f32Old: 'efficient', bf16Old: 'plain' });
  });

  const sizes: [number, string, string][] = [
    [64, 'efficient', 'flash'],
    [256, 'efficient', 'flash'],
    [264, 'efficient', 'efficient'],
    [12, 'efficient', 'plain'],
    [10, 'plain', 'plain'],
  ];
  for (const [headSize, f32, bf16] of sizes) {
    it(`takes heads of ${headSize}`, () => {
      expect(check(plainTexts, { headSize }).all.paths).toMatchObject({ f32, bf16 });
    });
  }

  it('takes a window unless efficient attention would place it wrongly', () => {
    const { all, read } = check(plainTexts, { window: 3 });
    expect(all.paths).toMatchObject({ f32: 'efficient', bf16: 'flash' });
    // Fewer queries than keys.
    expect(read.paths).toMatchObject({ f32: 'plain', bf16: 'flash' });
  });
});
