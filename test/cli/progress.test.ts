import { describe, expect, it } from 'vitest';
import { paintFor, usesColor } from '../../src/cli/color.js';
import { compact, describeState, duration, Progress } from '../../src/cli/progress.js';

class Screen {
  text = '';
  constructor(
    readonly isTTY: boolean,
    readonly columns = 80,
  ) {}
  write(text: string): void {
    this.text += text;
  }
}

function clock(): { now: () => number; pass: (ms: number) => void } {
  let time = 0;
  return {
    now: () => time,
    pass: (ms) => {
      time += ms;
    },
  };
}

describe('progress', () => {
  it('writes plain lines, at most one every ten seconds, where there is no terminal', () => {
    const screen = new Screen(false);
    const { now, pass } = clock();
    const progress = new Progress(screen, { env: {}, now });
    progress.start('student');
    for (let second = 1; second <= 25; second++) {
      pass(1000);
      progress.update({ done: second, total: 50, loss: 0.5, examplesPerSecond: 32 });
    }
    progress.done(['25 s']);
    expect(screen.text).toBe(
      [
        'student: 20 %, 40 s left, loss 0.5000, 32 examples/s',
        'student: 40 %, 30 s left, loss 0.5000, 32 examples/s',
        'student: 25 s, loss 0.5000',
        '',
      ].join('\n'),
    );
  });

  it('rewrites one line on a terminal, never longer than the terminal is wide', () => {
    const screen = new Screen(true, 30);
    const { now, pass } = clock();
    const progress = new Progress(screen, { env: { NO_COLOR: '1' }, now });
    progress.start('weak');
    pass(1000);
    progress.update({ done: 1, total: 4, loss: 1.25, tokensPerSecond: 123456 });
    progress.done(['3 s']);
    const lines = screen.text.split('\r\u001B[2K').map((line) => line.replace('\u001B[0m', '').trimEnd());
    expect(lines).toEqual(['', 'weak …', 'weak ━━━━──────────── 25 %, 3', '✓ weak: 3 s, loss 1.250']);
    expect(screen.text.endsWith('\n')).toBe(true);
  });

  it('says nothing of the time left before anything is done', () => {
    expect(describeState({ done: 0, total: 10 }, 500)).toBe('0 %');
    expect(describeState({ done: 10, total: 10, accuracy: 0.5 }, 500)).toBe('100 %, accuracy 0.500');
  });

  it('shortens numbers', () => {
    expect([0.123, 9.96, 950, 12345, 2.5e6].map(compact)).toEqual(['0.12', '10', '950', '12.3k', '2.5M']);
    expect([400, 12_300, 185_000, 7_800_000].map(duration)).toEqual([
      '0.4 s',
      '12 s',
      '3 min 05 s',
      '2 h 10 min',
    ]);
  });
});

describe('colours', () => {
  it.each([
    [{}, true, true],
    [{}, false, false],
    [{ NO_COLOR: '1' }, true, false],
    [{ NO_COLOR: '' }, true, true],
    [{ FORCE_COLOR: '1' }, false, true],
    [{ FORCE_COLOR: '0' }, true, false],
    [{ FORCE_COLOR: '', NO_COLOR: '1' }, false, true],
    [{ TERM: 'dumb' }, true, false],
  ])('with %o on a terminal: %s → %s', (env, isTTY, expected) => {
    expect(usesColor({ isTTY }, env)).toBe(expected);
    expect(paintFor({ isTTY }, env).bold('x') !== 'x').toBe(expected);
  });
});
