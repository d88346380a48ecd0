import { readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TrainConfig } from '../../../src/config/train.js';
import type { TrainDocument } from '../../../src/metrics/index.js';
import { runPageName, writeRunPage } from '../../../src/report/html/index.js';
import { drawRunPage } from '../../../src/report/html/runPage.js';
import type { Store } from '../../../src/store/index.js';
import { temporaryFolder } from '../../support/results.js';
import { fakeRun, writeCsv } from './fixture.js';

const { folder, cleanUp } = temporaryFolder();
afterAll(cleanUp);

const draw = async (run: { document: TrainDocument; store: Store }): Promise<string> =>
  (await drawRunPage(run.document, run.store, '1.2.3')).text;

const sectionsOf = (page: string): string[] =>
  Array.from(page.matchAll(/<h2>(.*?)<\/h2>/g), ([, title]) => title ?? '');

/** Tags that are opened and closed in order; attributes are quoted. */
function expectWellFormed(page: string): void {
  const open: string[] = [];
  const voids = ['meta', 'link', 'br', '!doctype'];
  for (const [tag, slash, name, rest] of page.matchAll(/<(\/?)([a-z!][a-z0-9]*)((?:[^<>"]|"[^"]*")*)>/gi)) {
    const lower = (name ?? '').toLowerCase();
    if (voids.includes(lower) || rest?.endsWith('/')) continue;
    if (slash === '') open.push(lower);
    else expect(open.pop(), `before ${tag}`).toBe(lower);
  }
  expect(open).toEqual([]);
  expect(
    page.replace(/<(\/?)([a-z!][a-z0-9]*)((?:[^<>"]|"[^"]*")*)>/gi, '').replace(/\{[^}]*\}/g, ''),
  ).not.toMatch(/[<]/);
}

describe('a run of several seeds on puzzles', () => {
  let page: string;
  let run: Awaited<ReturnType<typeof fakeRun>>;
  beforeAll(async () => {
    run = await fakeRun({
      folder: join(folder, 'puzzles'),
      settings: { dataset: 'chess-puzzles', testSize: 400, seed: [0, 1, 2] },
      skill: { weak: 0.3, student: 0.45, ceiling: 0.6, zeroShot: 0.4 },
    });
    page = await draw(run);
  });

  test('has every section but calibration', () => {
    expect(sectionsOf(page)).toEqual([
      'How much of the gap was recovered',
      'What was done',
      'Accuracy on the test set',
      'Does the student copy mistakes?',
      'Where they disagree',
      'Training curves',
      'Seed by seed',
      'Repeat it',
    ]);
  });

  test('is one well-formed file that asks for nothing and runs nothing', () => {
    expectWellFormed(page);
    expect(page).not.toMatch(/<script|<iframe|<img|javascript:|@import|\son\w+=/i);
    const links = Array.from(
      page.matchAll(/ (?:href|src)="([^"]*)"|url\(([^)]*)\)/g),
      ([, link, url]) => link ?? url,
    );
    expect(links.filter((link) => !/^(?:#piece-[a-z-]+|data:,)$/.test(link ?? ''))).toEqual([]);
    expect(page).toContain("default-src 'none'".replaceAll("'", '&#39;'));
    const ids = Array.from(page.matchAll(/\sid="([^"]*)"/g), ([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('draws ten boards with the answers in words', () => {
    expect(page.split('<svg class="board"')).toHaveLength(11);
    expect(page).toMatch(/<dt>truth<\/dt><dd class="ceiling"><strong><bdi>\S+ \([a-h][1-8][a-h][1-8]\)/);
  });

  test('tells every drawing in words, and every number in a table', () => {
    const drawings = page.match(/<svg [^>]*>/g) ?? [];
    for (const svg of drawings) expect(svg).toMatch(/role="img" aria-label="[^"]{20,}"|aria-hidden="true"/);
    const { perSeed } = run.document;
    for (const { weak, student } of perSeed) {
      expect(page).toContain(
        `>${(weak * 100).toFixed(1)} %</td><td class="n">${(student * 100).toFixed(1)} %</td>`,
      );
    }
  });

  test('ends in the command that repeats it', () => {
    const command = /<pre class="copy"><code>(.*?)<\/code>/.exec(page)?.[1]?.replace(/<[^>]*>/g, '');
    expect(command).toBe('npx w2s-native train --test-size 400 --seed 0,1,2');
    expect(page).toContain('w2s-native 1.2.3 · libtorch 2.13.0');
  });

  test('is the same text for the same run, whatever differs between two runs of it', async () => {
    const again = {
      ...run.document,
      throughput: { tokensPerSecond: 9, examplesPerSecond: 9 },
      store: 'elsewhere',
    };
    const other = {
      ...again,
      weak: { ...again.weak, seconds: 99 },
      config: { ...again.config, out: '/elsewhere' },
    };
    expect(await draw({ ...run, document: other })).toBe(page);
    expect(runPageName(other)).toBe(runPageName(run.document));
    expect(page).not.toContain(folder);
  });
});

describe('shapes of documents', () => {
  test('classification: calibration, probabilities, class names', async () => {
    const run = await fakeRun({
      folder: join(folder, 'legal'),
      settings: { dataset: 'chess-legal', testSize: 200 },
    });
    const page = await draw(run);
    expect(sectionsOf(page)).toContain('Is confidence earned?');
    expect(sectionsOf(page)).not.toContain('Seed by seed');
    expect(page).toMatch(/<strong class="student">student<\/strong> ECE 0\.\d{3}/);
    expect(page).toMatch(
      /<bdi>illegal<\/bdi><\/strong> <span aria-hidden="true">[✓✗]<\/span><span class="vh">(right|wrong)<\/span> <span class="range">\d+ % sure/,
    );
    expect(page).toContain('Guessing is right 50 % of the time');
    expectWellFormed(page);
  });

  test('items where the supervisor is right and wrong add up, in the mean over seeds too', async () => {
    const run = await fakeRun({
      folder: join(folder, 'counts'),
      settings: { dataset: 'chess-legal', testSize: 40, seed: [0, 1] },
    });
    // One seed more right than the other by an odd number: both halves end in .5.
    const lines = (await run.store.readPredictions('weakTest-1')) ?? [];
    const other = lines.map((line, i) => (i > 0 ? line : { ...line, logits: line.logits!.toReversed() }));
    for (const changed of [lines, other]) {
      await run.store.writePredictions('weakTest-1', changed);
      const page = await draw(run);
      const items = [
        ...page.matchAll(/(?:on all test items|supervisor is \w+[^<]*)<\/th>.*?class="n">(\d+)<\/td><\/tr>/g),
      ];
      const [all = 0, right = 0, wrong = 0] = items.map(([, n]) => Number(n));
      expect(items).toHaveLength(3);
      expect([all, right + wrong]).toEqual([40, 40]);
    }
  });

  test('no gap: PGR is not defined, with the reason', async () => {
    const run = await fakeRun({
      folder: join(folder, 'none'),
      settings: { dataset: 'chess-legal', testSize: 100 },
      skill: { weak: 0.7, student: 0.7, ceiling: 0.72, zeroShot: 0.69 },
    });
    expect(run.document.pgr.value).toBeNull();
    const page = await draw(run);
    expect(page).toContain(`<strong>PGR is not defined here</strong>: ${run.document.pgr.reason}`);
    expect(page).not.toContain('The shaded band');
    expectWellFormed(page);
  });

  test('nothing answered right: the scale of accuracy has a length all the same', async () => {
    const run = await fakeRun({
      folder: join(folder, 'zero'),
      settings: { dataset: 'chess-puzzles', testSize: 20 },
      skill: { weak: 0, student: 0, ceiling: 0, zeroShot: null },
    });
    // As the bootstrap over groups says it.
    const none = { accuracy: 0, ci95: [0, 0] as const };
    const { weak, student, ceiling } = run.document;
    const document = {
      ...run.document,
      weak: { ...weak, ...none },
      student: { ...student, ...none },
      ceiling: { ...ceiling, ...none },
    };
    const page = await draw({ ...run, document });
    const [, accuracy = ''] = page.split('<h2>Accuracy on the test set</h2>');
    expect(accuracy.slice(0, accuracy.indexOf('</svg>'))).toContain('>2 %<');
  });

  test('labels from outside without answers for the test set: no agreement, no disagreements', async () => {
    const run = await fakeRun({
      folder: join(folder, 'outside'),
      settings: { dataset: 'chess-puzzles', testSize: 100, weakLabels: 'my labels.jsonl' },
      weakOnTransfer: true,
    });
    expect(run.document.agreement).toBeNull();
    const page = await draw(run);
    expect(page).toContain('weak (transfer half)');
    expect(page).toContain('student and\nsupervisor cannot be compared there');
    expect(sectionsOf(page)).not.toContain('Where they disagree');
    expect(page).toContain('--weak-labels</span> &#39;my labels.jsonl&#39;');
    expect(page).toContain('Labels come from a file');
    expectWellFormed(page);
  });

  test('an old store: no accuracy curve, and nothing else is missing', async () => {
    const run = await fakeRun({
      folder: join(folder, 'old'),
      settings: { dataset: 'chess-check', testSize: 100 },
      withoutAccuracy: true,
    });
    const page = await draw(run);
    expect(page).toContain('Training loss by optimizer step');
    expect(page).not.toContain('Accuracy on training batches');
    expectWellFormed(page);
  });

  test('a store that lost its steps: what the document says', async () => {
    const run = await fakeRun({
      folder: join(folder, 'lost'),
      settings: { dataset: 'chess-check', testSize: 50 },
    });
    rmSync(join(run.store.root, 'steps'), { recursive: true });
    const page = await draw(run);
    expect(sectionsOf(page)).toContain('Accuracy on the test set');
    expect(sectionsOf(page)).not.toContain('Training curves');
    expect(page).toContain('where the supervisor is wrong: the same mistake');
    expectWellFormed(page);
  });

  test('a loss in TypeScript: settings for Node instead of a command', async () => {
    const run = await fakeRun({
      folder: join(folder, 'custom'),
      settings: { dataset: 'chess-check', testSize: 50 },
    });
    const step = join(run.store.stepFolder('student-0'), 'step.json');
    writeFileSync(
      step,
      readFileSync(step, 'utf8').replace('"loss":"xent"', '"loss":"custom","name":"my <loss>"'),
    );
    const { forStrong } = run.document.config as unknown as TrainConfig;
    forStrong.customLoss = { name: 'my <loss>', source: 'a'.repeat(64), params: {} };
    const page = await draw(run);
    expect(page).toContain('<bdi>my &lt;loss&gt;</bdi>');
    expect(page).not.toContain('npx w2s-native train');
  });
});

describe('data of one’s own', () => {
  const hostile = [
    '</script><script>alert(1)</script><img src=x onerror=alert(2)>',
    '</title></style><svg onload=alert(3)>',
    'control \u0000\u001b[31m and \ud800 alone',
    'مرحبا بالعالم',
    `long ${'word '.repeat(2000)}`,
  ];
  const rows = Array.from(
    { length: 60 },
    (_, i) => [`${hostile[i % 5]} ${i}`, i % 2 ? '<i>"no"</i>' : 'yes'] as const,
  );

  test('is escaped, cut and shown in its own direction', async () => {
    const data = writeCsv(folder, "my <b>'data'.csv", rows);
    const settings = { data, testData: data, weak: './<weak>"', strong: '/a/b/strong & co' };
    const run = await fakeRun({ folder: join(folder, 'own'), settings });
    const page = await draw(run);
    expectWellFormed(page);
    expect(page).not.toMatch(/<script|<img|<svg onload|<\/title><\/style>|<i>/);
    expect(page).toContain('&lt;/script&gt;&lt;script&gt;alert(1)');
    expect(page).toContain('control \\x00\\x1b[31m and \ufffd alone');
    expect(page).toContain('<p class="text" dir="auto">');
    expect(page).toMatch(/\[… [\d,]+ characters …\]/);
    expect(page).toContain('on <bdi>my &lt;b&gt;&#39;data&#39;.csv</bdi></h1>');
    expect([...page].every((character) => character >= ' ' || character === '\n' || character === '\t')).toBe(
      true,
    );
    expect(runPageName(run.document)).toMatch(/^columns-weak-strong-co-[0-9a-f]{8}\.html$/);
  });

  test('that is gone or has changed: says so, and is drawn again when it is back', async () => {
    const data = writeCsv(folder, 'gone.csv', rows);
    const run = await fakeRun({
      folder: join(folder, 'gone'),
      settings: { data, testData: data, weak: 'a', strong: 'b' },
    });
    const text = readFileSync(data);
    rmSync(data);
    const path = await writeRunPage(run.document, run);
    expect(readFileSync(path, 'utf8')).toContain('cannot be shown: the data file was not found');
    writeFileSync(data, 'text,label\nother,yes\nrows,no\n');
    await writeRunPage(run.document, run);
    expect(readFileSync(path, 'utf8')).toContain('cannot be shown: the data file has changed since');
    writeFileSync(data, text);
    await writeRunPage(run.document, run);
    expect(readFileSync(path, 'utf8')).not.toContain('cannot be shown');
  });
});

test('writeRunPage draws a page once', async () => {
  const run = await fakeRun({
    folder: join(folder, 'once'),
    settings: { dataset: 'chess-check', testSize: 50 },
  });
  const path = await writeRunPage(run.document, run);
  expect(path).toMatch(/once\/results\/reports\/chess-check-chess-xs-chess-m-[0-9a-f]{8}\.html$/);
  utimesSync(path, 1, 1);
  expect(await writeRunPage(run.document, run)).toBe(path);
  expect(statSync(path).mtimeMs).toBe(1000);
  const elsewhere = await writeRunPage(run.document, { store: run.store, out: join(folder, 'elsewhere') });
  expect(readFileSync(elsewhere, 'utf8')).toBe(readFileSync(path, 'utf8'));
  expect(readdirSync(join(folder, 'elsewhere', 'reports'))).toHaveLength(1);
});
