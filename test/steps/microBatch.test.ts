/** How many tokens are computed at once. */
import { describe, expect, it } from 'vitest';
import type { StepNote } from '../../src/steps/context.js';
import { longestBatch, takeOverBudget, takeOverRecording, tokensAtOnce } from '../../src/steps/microBatch.js';

describe('tokensAtOnce', () => {
  it('is what was asked for; auto depends on the device', () => {
    expect(tokensAtOnce({ microBatchTokens: 77 }, { device: 'cuda:0' })).toBe(77);
    const [cpu, gpu] = ['cpu', 'cuda:0'].map((device) =>
      tokensAtOnce({ microBatchTokens: 'auto' }, { device }),
    );
    expect(cpu).toBeGreaterThan(0);
    expect(gpu).toBeGreaterThan(cpu!);
  });
});

describe('takeOverBudget', () => {
  it('warns once for each time that memory ran out, with what to type', () => {
    const notes: StepNote[] = [];
    const machine = { threads: 1, microBatchTokens: 4096, sharePrefixes: true };
    for (const microBatchTokens of [4096, 2048, 2048, 900])
      takeOverBudget({ onNote: (note) => notes.push(note) }, machine, { microBatchTokens });
    expect(machine.microBatchTokens).toBe(900);
    expect(notes.map(({ level }) => level)).toEqual(['warning', 'warning']);
    expect(notes[0]).toMatchObject({
      message: expect.stringMatching(/4096 .* 2048/),
      hint: expect.stringContaining('--micro-batch-tokens 2048'),
    });
  });
});

describe('takeOverRecording', () => {
  it('warns once, and only of what was asked for', () => {
    const notes: StepNote[] = [];
    const onNote = (note: StepNote) => notes.push(note);
    const [asked, not] = [{ cudaGraphs: true }, { cudaGraphs: false }];
    for (const records of [true, false, false]) {
      takeOverRecording({ onNote }, asked, { records });
      takeOverRecording({ onNote }, not, { records });
    }
    expect(asked.cudaGraphs).toBe(false);
    expect(notes).toHaveLength(1);
    expect(notes[0]).toMatchObject({ level: 'warning', hint: expect.stringContaining('--no-cuda-graphs') });
  });
});

describe('longestBatch', () => {
  const sequences = {
    tokens: Int32Array.from({ length: 13 }, (_, i) => i),
    offsets: Int32Array.of(0, 1, 4, 6, 10, 12, 13),
  };
  const none = { targets: null, classes: 0 };

  it('has the longest sequences', () => {
    const { tokens, offsets } = longestBatch({ sequences, ...none }, 2);
    expect([...offsets]).toEqual([0, 4, 7]);
    expect([...tokens]).toEqual([6, 7, 8, 9, 1, 2, 3]);
  });

  it('keeps pairs together, and has all there are', () => {
    const { offsets } = longestBatch({ sequences, ...none, paired: true }, 1);
    expect([...offsets]).toEqual([0, 2, 6]);
    expect(longestBatch({ sequences, ...none }, 99).tokens).toHaveLength(13);
  });
});
