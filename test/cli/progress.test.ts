import { describe, expect, it } from 'vitest';
import { paintFor, usesColor } from '../../src/cli/color.js';
import { cells, fitParts } from '../../src/cli/fit.js';
import { compact, duration, lossText, plural, timeLeft } from '../../src/cli/measures.js';
import { Progress } from '../../src/cli/progress.js';
import { clock, drawn, finalScreen, Screen, withoutColour } from './screen.js';

const TRAINING = {
  total: 100,
  loss: 2.3144,
  accuracy: 0.5123,
  examplesPerSecond: 312.4,
  tokensPerSecond: 12_345,
};

/** A phase whose steps take a second each, on a screen of so many columns. */
function afterSteps(steps: number, columns: number, after?: () => number | null) {
  const screen = new Screen(true, columns);
  const { now, pass } = clock();
  const progress = new Progress(screen, { env: { NO_COLOR: '1' }, now });
  progress.start('student');
  for (let done = 1; done <= steps; done++) {
    pass(1000);
    progress.update({ ...TRAINING, done }, after);
  }
  return { screen, progress, now, pass };
}

describe('plain lines', () => {
  it('come every ten seconds, and end with what came of the phase', () => {
    const screen = new Screen(false);
    const { now, pass } = clock();
    const progress = new Progress(screen, { env: {}, now });
    progress.start('student');
    for (let second = 1; second <= 25; second++) {
      pass(1000);
      progress.update({ ...TRAINING, total: 50, done: second }, () => 20_000);
    }
    progress.done('student', [
      { text: '25 s', rank: 1 },
      { text: 'test accuracy 44.9 %', rank: 0 },
    ]);
    expect(screen.text.split('\n')).toEqual([
      'student: 20 %, 40 s left, loss 2.314, accuracy 51.2 %, 312 examples/s, 12.3k tokens/s, run 1 min 00 s left',
      'student: 40 %, 30 s left, loss 2.314, accuracy 51.2 %, 312 examples/s, 12.3k tokens/s, run 50 s left',
      'student: 25 s, test accuracy 44.9 %',
      '',
    ]);
  });

  it('become rarer in a long run', () => {
    const screen = new Screen(false);
    const { now, pass } = clock();
    const progress = new Progress(screen, { env: {}, now });
    progress.start('student');
    for (let second = 1; second <= 7200; second++) {
      pass(1000);
      progress.update({ done: second, total: 7200 });
    }
    const lines = screen.text.split('\n').length;
    expect(lines).toBeGreaterThan(120);
    expect(lines).toBeLessThan(160);
  });

  it.each([{ TERM: 'dumb' }, { CI: 'true' }])('take the place of a live line with %o', (env) => {
    const screen = new Screen(true);
    const progress = new Progress(screen, { env });
    progress.start('weak');
    progress.done('weak', [{ text: '3 s', rank: 0 }]);
    expect(withoutColour(screen.text)).toBe('weak: 3 s\n');
  });
});

describe('the live line', () => {
  it('says everything where there is room', () => {
    const { screen } = afterSteps(40, 160, () => 90_000);
    expect(drawn(screen.text).at(-1)).toBe(
      'student    ━━━━━━━━━━──────────────  40 %  1 min 00 s left  loss 2.314  accuracy 51.2 %  312 examples/s  12.3k tokens/s  run 2 min 30 s left',
    );
  });

  it.each([
    [80, 'student    40 %  1 min 00 s left  loss 2.314  acc 51.2 %  312 ex/s  12.3k tok/s'],
    [60, 'student  40 %  1 min 00 s left  loss 2.314  acc 51.2 %'],
    [40, 'student  40 %  1 min 00 s left'],
    [16, 'student  40 %'],
    [5, 'stud'],
  ])('keeps what matters most on %i columns', (columns, expected) => {
    const { screen } = afterSteps(40, columns);
    const lines = drawn(screen.text);
    expect(lines.at(-1)).toBe(expected);
    for (const line of lines) expect(line.length).toBeLessThan(columns);
  });

  it('is replaced by the line that stays, which is cut to the width too', () => {
    const { screen, progress } = afterSteps(2, 44);
    progress.done('student', [
      { text: '25 s', rank: 1 },
      { text: '4,000 examples', rank: 3 },
      { text: 'final loss 2.314', rank: 2 },
      { text: 'test accuracy 44.9 %', rank: 0 },
    ]);
    expect(finalScreen(screen.text)).toEqual(['✓ student  25 s, test accuracy 44.9 %', '']);
  });

  it('lets notes stand above it', () => {
    const { screen, progress } = afterSteps(1, 80);
    progress.note('a note');
    expect(finalScreen(screen.text)[0]).toBe('a note');
    expect(finalScreen(screen.text)[1]).toMatch(/^student .* 1 %/);
    progress.close();
    expect(finalScreen(screen.text).at(-1)).toBe('');
  });

  it('takes all rows away that a narrower terminal has broken it into', () => {
    const { screen, progress, pass } = afterSteps(3, 100);
    const before = screen.text.length;
    screen.columns = 30;
    pass(1000);
    progress.update({ ...TRAINING, done: 4 });
    const written = screen.text.slice(before);
    const rows = Math.ceil(lengthOf(screen.text.slice(0, before)) / 30);
    expect(rows).toBeGreaterThan(2);
    expect(written.split('\u001B[1A')).toHaveLength(rows);
    expect(drawn(written).at(-1)?.length).toBeLessThan(30);
  });

  it('is coloured unless told otherwise', () => {
    const screen = new Screen(true);
    new Progress(screen, { env: {} }).start('weak');
    expect(screen.text).toContain('\u001B[1m');
    const plain = new Screen(true);
    new Progress(plain, { env: { NO_COLOR: '1' } }).start('weak');
    expect(plain.text).toBe(withoutColour(plain.text));
  });
});

const lengthOf = (text: string): number => drawn(text).at(-1)?.length ?? 0;

describe('parts of a line', () => {
  const parts = [
    { text: 'first', rank: 0 },
    { text: 'a longer second', short: 'second', rank: 2 },
    { text: 'third', rank: 1 },
  ];

  it.each([
    [29, ['first', 'a longer second', 'third']],
    [28, ['first', 'second', 'third']],
    [19, ['first', 'third']],
    [11, ['first']],
    [3, ['fir']],
    [0, ['']],
  ])('fit into %i cells', (width, expected) => {
    const fitted = fitParts(parts, width);
    expect(fitted).toEqual(expected);
    expect(cells(fitted)).toBeLessThanOrEqual(width);
  });
});

it('shortens numbers', () => {
  expect([0.123, 9.96, 950, 12_345, 2.5e6].map(compact)).toEqual(['0.12', '10', '950', '12.3k', '2.5M']);
  expect([400, 9_960, 12_300, 59_700, 185_000, 7_800_000].map(duration)).toEqual([
    '0.4 s',
    '10 s',
    '12 s',
    '1 min 00 s',
    '3 min 05 s',
    '2 h 10 min',
  ]);
  expect([400, 12_300, 63_400, 187_000].map(timeLeft)).toEqual(['0 s', '12 s', '1 min 05 s', '3 min 05 s']);
  expect([0, 2.31449, 0.04123, 1.3e-5, Number.NaN].map(lossText)).toEqual([
    '0.00',
    '2.314',
    '0.0412',
    '1.3e-5',
    'NaN',
  ]);
  expect([plural(1, 'row'), plural(4000, 'row')]).toEqual(['1 row', '4,000 rows']);
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
