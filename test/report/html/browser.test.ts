/** Pages in a real browser, where one is found: nothing to complain about, nothing too wide, both schemes. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeRunPage } from '../../../src/report/html/index.js';
import { temporaryFolder } from '../../support/results.js';
import { Chromium, findChromium, type View, type Visit } from './chromium.js';
import { fakeRun, writeCsv } from './fixture.js';

const path = findChromium();
const VIEWS: readonly View[] = [
  { width: 390, height: 844, scheme: 'light' },
  { width: 390, height: 844, scheme: 'dark' },
  { width: 1280, height: 800, scheme: 'dark' },
];

describe.skipIf(path === undefined)('a page in Chromium', () => {
  const { folder, cleanUp } = temporaryFolder();
  const pages: Record<string, string> = {};
  let browser: Chromium;

  beforeAll(async () => {
    const texts = [
      'x'.repeat(3000),
      '</script><script>console.error(1)</script>',
      'مرحبا بالعالم',
      'plain words',
    ];
    const data = writeCsv(
      folder,
      'texts.csv',
      Array.from(
        { length: 80 },
        (_, i) => [`${texts[i % 4]} ${i}`, i % 2 ? 'no' : 'a class name of many words'] as const,
      ),
    );
    const strong = `/models/${'a-very-long-name-'.repeat(8)}`;
    const runs = {
      puzzles: { dataset: 'chess-puzzles', testSize: 200, seed: [0, 1] },
      texts: { data, testData: data, weak: './weak', strong },
    };
    for (const [name, settings] of Object.entries(runs)) {
      const run = await fakeRun({ folder: join(folder, name), settings });
      pages[name] = pathToFileURL(await writeRunPage(run.document, run)).href;
    }
    browser = Chromium.start(path ?? '');
  });

  afterAll(async () => {
    await browser?.close();
    cleanUp();
  });

  const cases = ['puzzles', 'texts'].flatMap((name) => VIEWS.map((view) => ({ name, ...view })));

  test.each(cases)('$name at $width in $scheme', async ({ name, ...view }) => {
    const url = pages[name] ?? '';
    const visit = await browser.open(url, view);
    expect(visit.complaints).toEqual([]);
    expect(visit.requests.filter((request) => request !== url && request !== 'data:,')).toEqual([]);
    expect(await visit.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(
      view.width,
    );
    await expectCharts(visit, view);
    const ground = await visit.evaluate<string>('getComputedStyle(document.body).backgroundColor');
    expect(ground).toBe(view.scheme === 'dark' ? 'rgb(20, 22, 26)' : 'rgb(251, 250, 247)');
  });
});

/** One of the two drawings of each chart is seen; its colours are those of the scheme; no text leaves it. */
async function expectCharts(visit: Visit, { width, scheme }: View): Promise<void> {
  const seen = await visit.evaluate<{ wide: number; narrow: number; boxes: number[] }>(`(() => {
    const shown = (selector) => [...document.querySelectorAll(selector)].filter((one) => one.getClientRects().length > 0);
    const boxes = shown('.chart svg').map((svg) => svg.getBoundingClientRect().width);
    return { wide: shown('.chart .wide').length, narrow: shown('.chart .narrow').length, boxes };
  })()`);
  expect(seen.boxes.length).toBeGreaterThan(3);
  expect(Math.min(...seen.boxes)).toBeGreaterThan(150);
  expect(width < 500 ? seen.wide : seen.narrow).toBe(0);
  const cut = await visit.evaluate<string[]>(`[...document.querySelectorAll('.chart svg')]
    .filter((svg) => svg.getClientRects().length > 0)
    .flatMap((svg) => [...svg.querySelectorAll('text')].map((text) => [text, svg.getBoundingClientRect()]))
    .filter(([text, frame]) => {
      const box = text.getBoundingClientRect();
      return box.left < frame.left - 2 || box.right > frame.right + 2;
    })
    .map(([text]) => text.textContent)`);
  expect(cut).toEqual([]);
  const ink = await visit.evaluate<string>(
    `getComputedStyle(document.querySelector('.chart text[fill="var(--ink)"]')).fill`,
  );
  expect(ink).toBe(scheme === 'dark' ? 'rgb(235, 232, 225)' : 'rgb(31, 29, 26)');
}
