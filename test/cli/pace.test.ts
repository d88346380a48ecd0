import { describe, expect, it } from 'vitest';
import { Pace, RunClock } from '../../src/cli/pace.js';

describe('the time a phase has left', () => {
  it('is unknown before there is anything to tell it from', () => {
    const pace = new Pace();
    expect(pace.left(10)).toBeNull();
    pace.note(0, 1);
    expect(pace.left(10)).toBeNull();
    pace.note(900, 2);
    expect(pace.left(10)).toBeNull();
    pace.note(2000, 3);
    expect(pace.left(10)).toBe(7000);
  });

  it('does not take what a checkpoint brought for work of this run', () => {
    const pace = new Pace();
    pace.note(0, 901);
    pace.note(10_000, 911);
    expect(pace.left(1001)).toBe(90_000);
  });

  it('follows the machine, which may become slower', () => {
    const pace = new Pace();
    for (let done = 1; done <= 100; done++) pace.note(done * 100, done);
    expect(pace.left(200)).toBeCloseTo(10_000, -2);
    for (let done = 101; done <= 160; done++) pace.note(10_000 + (done - 100) * 1000, done);
    expect(pace.left(200)).toBeCloseTo(40_000, -2);
  });

  it('is told of steps that take longer than the window', () => {
    const pace = new Pace();
    for (let done = 1; done <= 4; done++) pace.note(done * 60_000, done);
    expect(pace.left(10)).toBe(6 * 60_000);
  });

  it('is nothing at the end', () => {
    const pace = new Pace();
    pace.note(0, 5);
    pace.note(5000, 10);
    expect(pace.left(10)).toBe(0);
  });
});

describe('the time a run has left', () => {
  const roles = [
    'weak',
    'weakTest',
    'labels',
    'labelsGrade',
    'student',
    'studentTest',
    'ceiling',
    'ceilingTest',
  ];
  const steps = [0, 1].flatMap((seed) => roles.map((role) => ({ role, seed })));

  function afterWeak(): RunClock {
    const run = new RunClock(steps);
    for (const [role, from, to] of [
      ['weak', 0, 1000],
      ['weakTest', 1000, 1100],
      ['labels', 1100, 1300],
      ['labelsGrade', 1300, 1300],
    ] as const) {
      run.start(from);
      run.done({ role, seed: 0 }, to);
    }
    return run;
  }

  it('is unknown while nothing of the strong model has been seen', () => {
    const run = new RunClock(steps);
    run.start(0);
    expect(run.after({ role: 'weak', seed: 0 }, 500, 500)).toBeNull();
  });

  it('is told from the student on: the ceiling costs the same, tests as much of it as of the weak model', () => {
    const run = afterWeak();
    run.start(2000);
    // 10 s in all: its test 1 s, the ceiling 10 s and 1 s; the other seed 1.3 s and 22 s.
    expect(run.after({ role: 'student', seed: 0 }, 6000, 6000)).toBeCloseTo(1000 + 11_000 + 1300 + 22_000);
  });

  it('takes what each step took where that is known, and leaves out what the store turned out to hold', () => {
    const run = afterWeak();
    run.start(2000);
    run.done({ role: 'student', seed: 0 }, 12_000);
    run.start(12_000);
    run.done({ role: 'studentTest', seed: 0 }, 12_500);
    run.start(12_500);
    const ceiling = { role: 'ceiling', seed: 0 };
    expect(run.after(ceiling, 17_500, 5000)).toBeCloseTo(500 + 1300 + 21_000);
    for (const role of roles) run.drop({ role, seed: 1 });
    expect(run.after(ceiling, 17_500, 5000)).toBe(500);
  });

  it('is nothing after a single step', () => {
    const run = new RunClock([{ role: 'evaluate', seed: 0 }]);
    run.start(0);
    expect(run.after({ role: 'evaluate', seed: 0 }, 10, 10)).toBe(0);
  });
});
