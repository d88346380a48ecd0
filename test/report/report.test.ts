import { describe, expect, test } from 'vitest';
import type { TrainDocument } from '../../src/metrics/index.js';
import {
  COLOURS,
  meaningOf,
  meaningParts,
  nextTrials,
  runsReport,
  textTable,
  trainReport,
} from '../../src/report/index.js';
import { experiment, score } from './runs/documents.js';

const DOCUMENT = experiment(
  { dataset: 'chess-puzzles', forStrong: { loss: 'completion' } },
  { store: 'w2s-runs' },
);

const changed = (changes: Partial<TrainDocument>): TrainDocument => ({ ...DOCUMENT, ...changes });
const withPgr = (value: number, low: number, high: number) =>
  changed({ pgr: { value, ci95: [low, high], reason: null } });

describe('trainReport', () => {
  test('is a table, PGR and a sentence', () => {
    expect(trainReport(DOCUMENT)).toBe(
      `
chess-puzzles: chess-xs → chess-m, completion, seed 0

           model     accuracy  95 % interval  items
weak       chess-xs    24.0 %   [22.0, 26.0]   2000
student    chess-m     30.0 %   [28.0, 32.0]   2000
ceiling    chess-m     34.0 %   [32.0, 36.0]   2000
zero-shot  chess-m     20.0 %   [18.0, 22.0]   2000

PGR             0.60 [0.41, 0.80]
ceiling − weak  10.0 points [8.0, 12.0]
weak labels     24.1 % right of 3000
agreement       50.0 %; supervisor right: 90.0 %, wrong: 37.0 %

Trained on the weak labels, the student gets 60 % of the way from its weak supervisor (24.0 %) to
its ceiling (34.0 %), which is the same model trained on true labels: performance gap recovered
(PGR) 0.60, 95 % interval [0.41, 0.80]. It is better than its supervisor, and short of its ceiling.
This is one seed: the intervals are for other test items, not for another training run.`.trim(),
    );
  });

  test('shows what is measured of written answers', () => {
    const legal = (share: number) => ({ measures: { legal: share } });
    const { weak, student, ceiling } = DOCUMENT;
    const models = {
      weak: { ...weak, ...legal(0.5) },
      student: { ...student, ...legal(0.75) },
      ceiling: { ...ceiling, ...legal(1) },
    };
    expect(trainReport({ ...DOCUMENT, ...models })).toMatch(
      /^legal moves +weak 50\.0.%; student 75\.0.%; ceiling 100\.0.%$/m,
    );
    expect(trainReport(DOCUMENT)).not.toContain('legal moves');
  });

  test('shows AUROC, seeds and a missing PGR', () => {
    const text = trainReport(
      changed({
        seeds: [0, 1],
        perSeed: [DOCUMENT.perSeed[0]!, { ...DOCUMENT.perSeed[0]!, seed: 1, pgr: null }],
        weak: { ...DOCUMENT.weak, auroc: 0.61, on: 'transfer' },
        pgr: { value: null, ci95: null, reason: 'the interval of ceiling − weak includes zero' },
        pgrAuroc: { value: 0.5, ci95: [0.2, 0.7], reason: null },
        agreement: null,
        zeroShot: null,
      }),
    );
    expect(text).toContain(
      'PGR           –  (the interval of ceiling − weak includes zero)'.replace(/ {11}–/, '             –'),
    );
    expect(text).toContain('PGR of AUROC    0.50 [0.20, 0.70]');
    expect(text).toContain('PGR by seed     0: 0.60  1: –');
    expect(text).toMatch(/weak \(transfer half\) {2}chess-xs .* 0\.610/);
    expect(text).not.toContain('agreement');
    expect(text).not.toContain('zero-shot');
    expect(text).not.toContain('one seed');
  });

  test('shortens paths, unless both models would read the same', () => {
    const titleFor = (weak: string, strong: string) =>
      trainReport(changed({ weak: score(weak, 0.24), config: { ...DOCUMENT.config, strong } }))
        .split(':')[1]
        ?.split(',')[0];
    expect(titleFor('./models/small/', '/data/large')).toBe(' small → large');
    expect(titleFor('openai-community/gpt2', 'models/of/large')).toBe(' openai-community/gpt2 → large');
    expect(titleFor('./a/model', './b/model')).toBe(' ./a/model → ./b/model');
  });

  test('has no escape codes unless asked for', () => {
    expect(trainReport(DOCUMENT)).not.toContain('\u001b');
    expect(trainReport(DOCUMENT, COLOURS)).toContain('\u001b[1m');
  });
});

describe('meaningOf', () => {
  test.each([
    ['worse than its supervisor', withPgr(-0.5, -0.8, -0.1), /does worse than the weak supervisor/],
    [
      'no different from its supervisor',
      withPgr(0.1, -0.1, 0.3),
      /cannot be told apart from its weak supervisor/,
    ],
    ['recovers', withPgr(0.6, 0.4, 0.8), /60 % of the way .* short of its ceiling/],
    [
      'as good as the ceiling',
      withPgr(0.9, 0.7, 1.1),
      /90 % of the way .* cannot be told apart from its ceiling/,
    ],
    [
      'better than the ceiling',
      withPgr(1.5, 1.2, 1.8),
      /better on weak labels than on true ones: .* is not the best/,
    ],
    ['equal', withPgr(1, 1, 1), /equals its ceiling, however/],
    ['anything', withPgr(0.5, -0.4, 1.6), /Nothing can be said yet/],
  ])('%s', (_, document, sentence) => {
    const said = meaningOf(document);
    expect(said).toMatch(sentence);
    expect(said).toContain(`95 % interval [${document.pgr.ci95?.map((end) => end.toFixed(2)).join(', ')}]`);
  });

  test('never says better, or short of the ceiling, where the interval does not', () => {
    for (const [low, high] of [
      [-0.1, 0.3],
      [0, 0.5],
      [-0.4, 1.6],
      [-0.8, -0.1],
    ] as const) {
      expect(meaningOf(withPgr((low + high) / 2, low, high))).not.toMatch(/better|short of|of the way/);
    }
    expect(meaningOf(withPgr(0.9, 0.7, 1))).not.toMatch(/short of/);
  });

  test('claims nothing without a gap', () => {
    const pgr = {
      value: null,
      ci95: null,
      reason: 'the 95 % interval of ceiling − weak, [-0.0300, 0.0500], includes zero',
    };
    const said = meaningOf(changed({ pgr, gap: { value: 0.01, ci95: [-0.03, 0.05] } }));
    expect(said).toMatch(/not certain that there is a gap .* 1\.0 points, 95 % interval \[-3\.0, 5\.0\]/);
    expect(said).not.toMatch(/of the way|better|worse/);
    const negative = changed({
      pgr,
      ceiling: score('chess-m', 0.2),
      gap: { value: -0.04, ci95: [-0.07, -0.01] },
    });
    expect(meaningOf(negative)).toMatch(/There is no gap to recover: .* \(20\.0 % against 24\.0 %\)/);
    const other = { ...pgr, reason: 'all test items belong to one group' };
    expect(meaningOf(changed({ pgr: other }))).toMatch(
      /not defined here: all test items belong to one group\./,
    );
  });

  test('says what the strong model knew before, and when it copies every error', () => {
    const withZeroShot = (accuracy: number) =>
      meaningOf(changed({ zeroShot: { accuracy, ci95: [0.2, 0.33] } }));
    expect(withZeroShot(0.31)).toMatch(/no less than the student: nothing shows/);
    expect(withZeroShot(0.27)).toMatch(/already had 27\.0 % \[20\.0, 33\.0\]\./);
    expect(withZeroShot(0.2)).not.toMatch(/before/i);
    const agreement = { overall: 1, supervisorRight: 1, supervisorWrong: 1 };
    expect(meaningOf(changed({ agreement }))).toMatch(/repeats every error/);
  });

  test('has the remarks apart for those who show them apart', () => {
    const parts = meaningParts(DOCUMENT);
    expect(parts).toHaveLength(2);
    expect(parts.join(' ')).toBe(meaningOf(DOCUMENT));
  });
});

describe('nextTrials', () => {
  const settings = (document: TrainDocument) => nextTrials(document).map((trial) => trial.settings);
  const binary = (supervisorWrong: number, loss = 'xent') =>
    changed({
      seeds: [0, 1, 2],
      student: { ...DOCUMENT.student, auroc: 0.8 },
      ceiling: { ...DOCUMENT.ceiling, auroc: 0.9 },
      config: { ...DOCUMENT.config, forStrong: { loss, epochs: 2 } },
      agreement: { overall: 0.8, supervisorRight: 0.9, supervisorWrong },
    });

  test('are more seeds after one, those that were run kept', () => {
    expect(settings(DOCUMENT)).toEqual([{ seed: '0,1,2' }]);
    expect(settings(changed({ seeds: [7] }))).toEqual([{ seed: '0,1,7' }]);
  });

  test('are five seeds where three leave it open', () => {
    const three = { seeds: [0, 1, 2] };
    expect(settings(changed(three))).toEqual([]);
    expect(settings({ ...withPgr(0.5, -0.4, 1.6), ...three })).toEqual([{ seed: '0,1,2,3,4' }]);
  });

  test('are a longer training where the ceiling is no ceiling', () => {
    const config = { ...DOCUMENT.config, forStrong: { loss: 'xent', epochs: 3 } };
    const pgr = { value: null, ci95: null, reason: 'the ceiling is below' };
    const none = changed({ pgr, config, seeds: [0, 1, 2], gap: { value: -0.04, ci95: [-0.07, -0.01] } });
    expect(settings(none)).toEqual([{ strongEpochs: '6' }]);
    expect(settings({ ...withPgr(1.5, 1.2, 1.8), config })).toContainEqual({ strongEpochs: '6' });
    // A prompt trains nothing, and a probe is fitted by settings of its own.
    for (const method of ['prompt', 'probe']) {
      const forStrong = { ...config.forStrong, method };
      expect(settings({ ...none, config: { ...DOCUMENT.config, forStrong } })).toEqual([]);
    }
  });

  test('are the confidence loss where a binary student copies errors', () => {
    expect(settings(binary(0.7))).toEqual([{ loss: 'confidence' }]);
    expect(settings(binary(0.3))).toEqual([]);
    expect(settings(binary(0.7, 'confidence'))).toEqual([]);
  });
});

describe('runsReport', () => {
  const run = (time: string, summary: unknown, command = 'train') => ({ command, time, summary });

  test('shows each experiment once, by its latest run, and evaluations apart', () => {
    const other = changed({ perSeed: [{ ...DOCUMENT.perSeed[0]!, steps: { weak: 'b' } }], zeroShot: null });
    const evaluation = {
      schema: 'w2s-native/evaluate@1',
      config: { dataset: 'sst2' },
      model: 'my-model',
      n: 800,
      step: 'c',
      accuracy: 0.9,
      ci95: [0.88, 0.92],
    };
    const text = runsReport([
      run('2026-01-01T10:00:00.000Z', DOCUMENT),
      run('2026-01-01T11:00:00.000Z', other),
      run('2026-01-02T10:00:00.000Z', DOCUMENT),
      run('2026-01-03T10:00:00.000Z', evaluation, 'evaluate'),
      run('2026-01-04T10:00:00.000Z', { schema: 'w2s-native/finetune@1' }, 'finetune'),
      run('2026-01-05T10:00:00.000Z', null, 'train'),
    ]);
    const lines = text.split('\n');
    expect(lines).toHaveLength(6);
    expect(lines[1]).toMatch(/chess-puzzles .* – +0\.60 \[0\.41, 0\.80\] +2026-01-01 11:00$/);
    expect(lines[2]).toMatch(/24\.0 \[22\.0, 26\.0\] .* 2026-01-02 10:00$/);
    expect(lines[5]).toMatch(/sst2 +my-model +90\.0 % +\[88\.0, 92\.0\] +800 +2026-01-03 10:00/);
  });

  test('names supervision from outside by its file', () => {
    const outside = changed({
      weak: score('labels/mine.jsonl', 0.24),
      config: { ...DOCUMENT.config, weak: '' },
    });
    expect(runsReport([run('2026-01-01T10:00:00.000Z', outside)])).toContain('labels/mine.jsonl  chess-m');
    expect(trainReport(outside)).toContain('labels/mine.jsonl → chess-m');
  });

  test('says so when there is nothing', () => {
    expect(runsReport([])).toMatch(/No finished experiment/);
  });
});

test('textTable aligns by display width', () => {
  expect(
    textTable(
      [{ title: 'a' }, { title: 'n', align: 'right' }],
      [
        ['日本', '1'],
        ['e\u0301', '22'],
      ],
    ),
  ).toBe('a      n\n日本   1\ne\u0301     22');
});

test('textTable spells out what would move the cursor', () => {
  expect(textTable([{ title: 'model' }], [['a\u001b[2Jb\nc']])).toBe('model\na\\x1b[2Jb\\x0ac');
});
