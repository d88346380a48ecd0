/** Events of a run in, screen out. */
import { describe, expect, it } from 'vitest';
import type { CommandContext } from '../../src/cli/command.js';
import { watchRun } from '../../src/cli/watch.js';
import type { RunEvent } from '../../src/execution/events.js';
import { drawn, finalScreen, Screen } from './screen.js';

type Kind = 'finetune' | 'label' | 'evaluate' | 'grade';

const KINDS: Readonly<Record<string, Kind>> = {
  weak: 'finetune',
  weak2: 'finetune',
  student: 'finetune',
  ceiling: 'finetune',
  finetune: 'finetune',
  labels: 'label',
  label: 'label',
  labelsGrade: 'grade',
};
const ROLES = [
  'weak',
  'weakTest',
  'labels',
  'labelsGrade',
  'student',
  'studentTest',
  'ceiling',
  'ceilingTest',
];

const about = (role: string, seed: number) => ({
  role,
  seed,
  hash: `${role}${seed}`,
  kind: KINDS[role] ?? ('evaluate' as const),
});

/** What a step tells from its beginning to its end. */
function stepEvents(role: string, seed = 0): RunEvent[] {
  const step = about(role, seed);
  const accuracy = step.kind === 'evaluate' || step.kind === 'grade' ? 0.449 : null;
  return [
    { type: 'step-start', ...step },
    ...(step.kind === 'grade'
      ? []
      : [
          {
            type: 'progress' as const,
            ...step,
            unit: 'steps' as const,
            done: 5,
            total: 10,
            ...(step.kind === 'finetune' ? { loss: 2.3144 } : {}),
          },
        ]),
    {
      type: 'step-done',
      ...step,
      seconds: step.kind === 'grade' ? 0.01 : 2,
      n: accuracy === null ? 4000 : 2000,
      accuracy,
      truncated: 0,
    },
  ];
}

const plan = (todo: number, cached = 0): RunEvent => ({
  type: 'plan',
  steps: todo + cached,
  cached,
  todo: ROLES.slice(ROLES.length - todo).map((role) => about(role, 0)),
});
const device: RunEvent = { type: 'device', device: 'cpu', why: 'it was asked for', threads: 2 };

function watched(events: readonly RunEvent[], isTTY: boolean, seeds: readonly number[] = [0]): string {
  const screen = new Screen(isTTY, 100);
  const stderr = screen as unknown as CommandContext['stderr'];
  const watch = watchRun({ stderr, env: { NO_COLOR: '1' } } as unknown as CommandContext, seeds);
  for (const event of events) watch.onEvent(event);
  watch.close();
  return screen.text;
}

const WHOLE = [plan(8), device, ...ROLES.flatMap((role) => stepEvents(role))];

describe('a whole run', () => {
  it('leaves a line for the device and one for each phase', () => {
    expect(watched(WHOLE, false)).toBe(
      [
        'device cpu (it was asked for), 2 threads',
        'weak: 4.0 s, 4,000 examples, final loss 2.314, test accuracy 44.9 %',
        'labels: 2.0 s, 4,000 examples, 44.9 % of them right',
        'student: 4.0 s, 4,000 examples, final loss 2.314, test accuracy 44.9 %',
        'ceiling: 4.0 s, 4,000 examples, final loss 2.314, test accuracy 44.9 %',
        '',
      ].join('\n'),
    );
    expect(finalScreen(watched(WHOLE, true))).toEqual([
      'device cpu (it was asked for), 2 threads',
      '✓ weak       4.0 s, 4,000 examples, final loss 2.314, test accuracy 44.9 %',
      '✓ labels     2.0 s, 4,000 examples, 44.9 % of them right',
      '✓ student    4.0 s, 4,000 examples, final loss 2.314, test accuracy 44.9 %',
      '✓ ceiling    4.0 s, 4,000 examples, final loss 2.314, test accuracy 44.9 %',
      '',
    ]);
  });

  it('says that a model is being tested', () => {
    expect(drawn(watched(WHOLE, true))).toContain('weak       testing  …');
  });

  it('waits with the live line for what the engine has to say', () => {
    const [first] = drawn(watched([plan(8), ...stepEvents('weak').slice(0, 1), device], true));
    expect(first).toMatch(/^device cpu .*\nweak {7}…/);
  });

  it('shows the score before fine-tuning', () => {
    expect(watched([...WHOLE, ...stepEvents('zeroShot')], false)).toMatch(
      /\nzero-shot: 2\.0 s, 2,000 examples, test accuracy 44\.9 %\n$/,
    );
  });
});

describe('with several seeds', () => {
  const events = [plan(8), device, ...ROLES.flatMap((role) => stepEvents(role, 3)), ...stepEvents('weak', 7)];

  it('each plain line says which of them', () => {
    const lines = watched(events, false, [3, 7]).split('\n');
    expect(lines[1]).toMatch(/^seed 3 \(1 of 2\), weak: /);
    expect(lines[5]).toMatch(/^seed 7 \(2 of 2\), weak: /);
  });

  it('on a terminal the seed stands above its phases', () => {
    const rows = finalScreen(watched(events, true, [3, 7]));
    expect(rows.filter((row) => row.startsWith('seed'))).toEqual(['seed 3 (1 of 2)', 'seed 7 (2 of 2)']);
    expect(rows.indexOf('seed 7 (2 of 2)')).toBe(6);
  });
});

describe('the store', () => {
  const cached = (role: string): RunEvent => ({ type: 'step-cached', ...about(role, 0) });

  it('says so in one line when it holds everything', () => {
    expect(watched([plan(0, 9)], false)).toBe('all 9 steps come from the store\n');
    expect(watched([plan(0, 1)], false)).toBe('taken from the store\n');
  });

  it('has its phases named together, those to be done after them', () => {
    const events = [plan(4, 4), ...ROLES.slice(0, 4).map(cached), device, ...stepEvents('student')];
    expect(watched(events, false).split('\n').slice(0, 3)).toEqual([
      'device cpu (it was asked for), 2 threads',
      'weak, labels: from the store',
      'student: 2.0 s, 4,000 examples, final loss 2.314',
    ]);
  });

  it('leaves a phase that is done in part to what remains of it', () => {
    const events = [plan(5, 1), cached('weak'), device, ...stepEvents('weakTest'), ...stepEvents('labels')];
    const text = watched(events, false);
    expect(text).toContain('weak: 2.0 s, test accuracy 44.9 %');
    expect(text).not.toContain('from the store');
  });

  it('says who else does a step', () => {
    const wait: RunEvent = { type: 'step-wait', pid: 12, host: 'here', ...about('weakTest', 0) };
    expect(watched([wait], false)).toBe('weak, testing: process 12 on here does it; waiting\n');
  });
});

it('leaves a phase that did not end as it stands', () => {
  const events = [plan(8), device, ...stepEvents('weak').slice(0, 2)];
  expect(finalScreen(watched(events, true))).toEqual([
    'device cpu (it was asked for), 2 threads',
    'weak       …',
    '',
  ]);
  expect(watched(events, false)).toBe('device cpu (it was asked for), 2 threads\n');
});

it('names what supervision from outside says of the transfer half', () => {
  const [start, done] = stepEvents('labelsGrade');
  expect(watched([plan(8), device, start!, done!], false)).toContain('44.9 % of them right');
});

it('names the phases of an analysis with the arm', () => {
  const done = (role: string) => watched([plan(2), device, ...stepEvents(role)], false);
  expect(done('studentTest random')).toContain('student random: 2.0 s');
  expect(done('labelsGrade random')).toContain('44.9 % of them right');
  expect(done('studentTestFeatures')).toMatch(/^student: 2.0 s, /m);
  expect(done('probeTest probe, true labels')).toContain('test accuracy 44.9 %');
});

it('takes the accuracy on held-out rows for none on test items', () => {
  const events = [plan(2), device, ...stepEvents('weak2'), ...stepEvents('weakHeldOut2')];
  expect(watched(events, false)).toMatch(/^weak 2: /m);
  expect(watched(events, false)).not.toContain('test accuracy');
});

it('tells what went otherwise than was asked for, with what to type', () => {
  const note: RunEvent = {
    type: 'note',
    level: 'warning',
    message: 'Less',
    hint: 'Type it',
    ...about('weak', 0),
  };
  expect(watched([note], false)).toBe('Warning: Less\n  Type it\n');
  expect(watched([{ ...note, level: 'note', hint: undefined }], false)).toBe('Less\n');
});

it('tells of rows that were left out', () => {
  const skipped = {
    type: 'data',
    file: 'my.csv',
    role: 'train',
    firstProblem: 'line 7 has no label',
  } as const;
  expect(watched([{ ...skipped, skipped: 3 }], false)).toBe(
    'my.csv: 3 bad rows left out, the first: line 7 has no label\n',
  );
  expect(watched([{ ...skipped, skipped: 1 }], false)).toContain('1 bad row left out');
});

it('shows single steps', () => {
  expect(watched([plan(1), device, ...stepEvents('evaluate')], false)).toContain(
    'scoring: 2.0 s, 2,000 examples, test accuracy 44.9 %',
  );
  expect(watched([plan(1), device, ...stepEvents('finetune')], false)).toContain(
    'training: 2.0 s, 4,000 examples, final loss 2.314',
  );
});
