/** Rows of micro-batches, by brute force: whatever is shared, each reader sees its own sequence and nothing else. */
import { describe, expect, it } from 'vitest';
import type { AttentionLayout, PackedMicroBatch, PackedSequences } from '../../src/native/binding.js';
import { binding, packOf } from './fixtures.js';

/** Numbers below `n`, the same for one seed. */
function draws(seed: number): (n: number) => number {
  let state = seed;
  return (n) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
}

/** Texts that go on from one another, repeat one another, end inside one another, or are strangers. */
function relatives(seed: number, count: number): number[][] {
  const draw = draws(seed);
  const fresh = (length: number) => Array.from({ length }, () => draw(3));
  const texts: number[][] = [];
  while (texts.length < count) {
    const parent = texts[draw(texts.length + 1)] ?? [];
    const kept = draw(4) === 0 ? parent : parent.slice(0, draw(parent.length + 1));
    const text = [...kept, ...fresh(draw(12))];
    if (text.length > 0) texts.push(text);
  }
  return texts;
}

function sequencesOf(texts: number[][], seed: number): PackedSequences {
  const draw = draws(seed);
  return { ...packOf(texts), targetStarts: Int32Array.from(texts, (text) => 1 + draw(text.length)) };
}

const pieces = (values: Int32Array, width: number) =>
  Array.from({ length: values.length / width }, (_, i) =>
    Array.from(values.subarray(i * width, (i + 1) * width)),
  );

/** Rows that each branch sees, in order of position. */
function pathsOf({ runs, runOffsets }: AttentionLayout): number[][] {
  const all = pieces(runs, 2) as [number, number][];
  return Array.from({ length: runOffsets.length - 1 }, (_, b) =>
    all
      .slice(runOffsets[b], runOffsets[b + 1])
      .flatMap(([first, n]) => Array.from({ length: n }, (_, i) => first + i)),
  );
}

/** For each query, its row and the rows that it sees. */
function queriesOf(layout: AttentionLayout): { row: number; seen: number[] }[] {
  const paths = pathsOf(layout);
  return paths.flatMap((path, b) =>
    Array.from(layout.queryPlaces.subarray(layout.queryOffsets[b], layout.queryOffsets[b + 1]), (place) => ({
      row: path[place]!,
      seen: path.slice(0, place + 1),
    })),
  );
}

/** What the reader of `place` tokens has seen, through the rows that the micro-batch gives it. */
function expectReadsOwnTokens(batch: PackedMicroBatch, texts: number[][], starts: Int32Array | undefined) {
  const queries = queriesOf(batch.read);
  expect(queries.map(({ row }) => row)).toEqual(Array.from(batch.readRows));
  const beginnings = Array.from(batch.sequences, (i) => texts[i]!).flatMap((text, s) => {
    const start = starts?.[batch.sequences[s]!];
    return start === undefined
      ? [text]
      : Array.from({ length: text.length - start }, (_, t) => text.slice(0, start + t));
  });
  expect(batch.reads.length).toBe(beginnings.length);
  for (const [reader, beginning] of beginnings.entries()) {
    const { seen } = queries[batch.reads[reader]!]!;
    expect(seen.map((row) => batch.tokens[row])).toEqual(beginning);
    expect(seen.map((row) => batch.positions[row])).toEqual(beginning.map((_, place) => place));
  }
}

/** Every row is a query once, sees a causal beginning that ends with itself, and trees share no row. */
function expectWholeLayout({ all, tokens, positions, paddingRows }: PackedMicroBatch) {
  const queries = queriesOf(all);
  const rows = tokens.length - paddingRows;
  expect(queries.map(({ row }) => row)).toEqual(Array.from({ length: rows }, (_, row) => row));
  for (const { row, seen } of queries) {
    expect(seen.at(-1)).toBe(row);
    expect(seen.length - 1).toBe(positions[row]);
  }
  expect(all.trailing).toBe(true);
  const branches = pieces(all.branches, 4) as [number, number, number, number][];
  const treeOfRow = new Map<number, number>();
  pathsOf(all).forEach((path, b) => {
    const [first, own, prefix, tree] = branches[b]!;
    expect(path.length).toBe(prefix + own);
    expect(path.slice(prefix)).toEqual(Array.from({ length: own }, (_, i) => first + i));
    for (const row of path) {
      expect(treeOfRow.get(row) ?? tree).toBe(tree);
      treeOfRow.set(row, tree);
    }
  });
  const trees = branches.map(([, , , tree]) => tree);
  expect(trees).toEqual([...trees].sort((a, b) => a - b));
}

const commonTokens = (a: number[], b: number[]) => {
  const end = a.findIndex((token, place) => token !== b[place]);
  return end < 0 ? a.length : end;
};

/** Rows of texts by the rule of native/nn/prefix_order.h: at least four tokens (or all) and an eighth. */
function leastRows(texts: number[][]): number {
  return texts.reduce((rows, text, i) => {
    const before = texts.filter(
      (other, j) => compare(other, text) < 0 || (compare(other, text) === 0 && j < i),
    );
    const common = Math.max(0, ...before.map((other) => commonTokens(text, other)));
    const pays = common >= Math.min(4, text.length) && common * 8 >= text.length;
    return rows + text.length - (pays ? common : 0);
  }, 0);
}

function compare(a: number[], b: number[]): number {
  const place = commonTokens(a, b);
  return (a[place] ?? -1) - (b[place] ?? -1);
}

const rowsOf = ({ tokens, paddingRows }: PackedMicroBatch) => tokens.length - paddingRows;

describe.each([1, 2, 3])('random relatives %i', (seed) => {
  const texts = relatives(seed, 40);
  const sequences = sequencesOf(texts, seed);

  for (const sharePrefixes of [false, true]) {
    for (const reading of ['last-token', 'targets'] as const) {
      for (const microBatchTokens of [1, 40, 200, 4096]) {
        it(`reads ${reading} ${sharePrefixes ? 'shared' : 'apart'} under ${microBatchTokens} tokens`, () => {
          const options = { reading, sharePrefixes, microBatchTokens };
          const batches = binding.packMicroBatches(sequences, options);
          const placed = batches.flatMap((batch) => Array.from(batch.sequences));
          expect(placed.sort((a, b) => a - b)).toEqual(texts.map((_, i) => i));
          for (const batch of batches) {
            expectWholeLayout(batch);
            expectReadsOwnTokens(batch, texts, reading === 'targets' ? sequences.targetStarts : undefined);
            if (batch.sequences.length > 1) expect(rowsOf(batch)).toBeLessThanOrEqual(microBatchTokens);
            const own = Array.from(batch.sequences, (i) => texts[i]!);
            expect(rowsOf(batch)).toBe(sharePrefixes ? leastRows(own) : own.flat().length);
          }
          expect(binding.packMicroBatches(sequences, options)).toEqual(batches);
        });
      }
    }
  }

  it('keeps examples of several sequences together', () => {
    const options = { reading: 'last-token', sharePrefixes: true, group: 3, microBatchTokens: 60 } as const;
    for (const batch of binding.packMicroBatches(sequences, options)) {
      const examples = Array.from(batch.sequences, (sequence) => Math.floor(sequence / 3));
      const different = new Set(examples);
      expect(examples.length).toBe(3 * different.size);
      if (different.size > 1) expect(rowsOf(batch)).toBeLessThanOrEqual(60);
    }
  });
});

describe('sharing', () => {
  const question = Array.from({ length: 20 }, (_, i) => i % 7);
  const other = Array.from({ length: 16 }, (_, i) => 9 - (i % 5));
  const answersOf = (prompt: number[]) => [[1], [2, 2], [3], [3, 4]].map((answer) => [...prompt, ...answer]);
  const options = { reading: 'last-token', sharePrefixes: true, microBatchTokens: 4096 } as const;

  it('computes a question once for its answers, wherever they stand', () => {
    const [a, b] = [answersOf(question), answersOf(other)];
    const texts = a.flatMap((text, i) => [text, b[i]!]);
    const [batch, ...more] = binding.packMicroBatches(packOf(texts), options);
    expect(more).toEqual([]);
    // Of the answers 3 and 3 4, the second goes on from the first.
    expect(rowsOf(batch!)).toBe(20 + 5 + 16 + 5);
  });

  it('keeps the answers of a question in one micro-batch as far as the budget goes', () => {
    const [a, b] = [answersOf(question), answersOf(other)];
    const texts = a.flatMap((text, i) => [text, b[i]!]);
    const batches = binding.packMicroBatches(packOf(texts), { ...options, microBatchTokens: 30 });
    expect(batches.map(rowsOf)).toEqual([25, 21]);
    const cut = binding.packMicroBatches(packOf(texts), { ...options, microBatchTokens: 23 });
    expect(cut.map(rowsOf)).toEqual([23, 22, 21]);
  });

  it('changes nothing where texts only begin with a few of the same tokens', () => {
    const texts = Array.from({ length: 9 }, (_, i) => [
      0,
      1,
      2,
      ...Array.from({ length: 4 + i }, () => 10 + i),
    ]);
    const shared = binding.packMicroBatches(packOf(texts), options);
    expect(shared).toEqual(binding.packMicroBatches(packOf(texts), { ...options, sharePrefixes: false }));
  });

  it('pads with rows of no sequence', () => {
    const texts = Array.from({ length: 5 }, (_, i) => Array.from({ length: 53 }, () => i + 1));
    const [plain] = binding.packMicroBatches(packOf(texts), options);
    const [padded] = binding.packMicroBatches(packOf(texts), { ...options, roundRowsTo: 16 });
    expect(padded).toMatchObject({ paddingRows: 7, readRows: plain!.readRows, reads: plain!.reads });
    expect(padded!.tokens.length).toBe(272);
    expect(Array.from(padded!.tokens.subarray(265))).toEqual([0, 0, 0, 0, 0, 0, 0]);
    const paths = pathsOf(padded!.all);
    expect(paths.slice(0, -1)).toEqual(pathsOf(plain!.all));
    expect(paths.at(-1)).toEqual([265, 266, 267, 268, 269, 270, 271]);
    expect(queriesOf(padded!.read)).toEqual(queriesOf(plain!.read));
    const [few] = binding.packMicroBatches(packOf(texts.slice(1)), { ...options, roundRowsTo: 16 });
    expect(few!.paddingRows).toBe(0);
  });

  it('refuses sequences and options that make no sense', () => {
    expect(() => binding.packMicroBatches(packOf([[1], []]), options)).toThrow(
      /at least one token.*sequence 1/,
    );
    expect(() => binding.packMicroBatches(packOf([[1]]), { ...options, microBatchTokens: 0 })).toThrow(
      /microBatchTokens/,
    );
  });
});
