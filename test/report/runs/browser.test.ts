/** The page over many runs, opened in a real browser. Skips where there is none. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { sortRuns, writeRunsPage } from '../../../src/report/runs/index.js';
import { openStore } from '../../../src/store/index.js';
import { temporaryFolder } from '../../support/results.js';
import { Chromium, findChromium } from '../html/chromium.js';
import { evaluation, experiment, noGap, run } from './documents.js';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const { folder, cleanUp } = temporaryFolder();
const path = findChromium();
let browser: Chromium;
let url: string;

beforeAll(async () => {
  if (path === undefined) return;
  browser = Chromium.start(path);
  mkdirSync(join(folder, 'runs'));
  const long = 'a model with a very long name <script>alert(1)</script> '.repeat(3);
  const runs = [
    ...['chess-legal', 'sst2', 'chess-legal'].map((dataset, i) =>
      run(experiment({ dataset, trainSize: i * 100 }, i === 1 ? { pgr: noGap } : {})),
    ),
    run(experiment({ strong: long })),
    run(evaluation({ model: long }), { command: 'evaluate' }),
  ];
  for (const [i, one] of runs.entries())
    writeFileSync(join(folder, 'runs', `${i}.json`), JSON.stringify(one));
  const store = openStore(folder);
  const records = (await store.readRuns()).map(({ record }) => record);
  url = pathToFileURL(await writeRunsPage(sortRuns(records), { store })).href;
});
afterAll(async () => {
  await browser?.close();
  cleanUp();
});

describe.skipIf(path === undefined)('in Chromium', () => {
  test.each([
    [1280, 'light'],
    [1280, 'dark'],
    [390, 'light'],
    [390, 'dark'],
  ] as const)(
    'at %i pixels, %s: no complaint, nothing from outside, nothing beside the page',
    async (width, scheme) => {
      const visit = await browser.open(url, { width, height: 900, scheme });
      expect(visit.complaints).toEqual([]);
      expect(visit.requests).toEqual([url]);
      expect(await visit.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
      const charts = await visit.evaluate<number>(
        "[...document.querySelectorAll('svg')].filter((one) => one.getBoundingClientRect().width > 0).length",
      );
      expect(charts).toBe(3);
      const beyond = await visit.evaluate<string[]>(`
      [...document.querySelectorAll('svg')].flatMap((svg) => {
        const frame = svg.getBoundingClientRect();
        return frame.width === 0 ? [] : [...svg.querySelectorAll('text')].filter((text) => {
          const box = text.getBoundingClientRect();
          return box.left < frame.left - 2 || box.right > frame.right + 2;
        }).map((text) => text.textContent);
      })`);
      expect(beyond).toEqual([]);
    },
  );
});
