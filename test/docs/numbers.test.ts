/** Numbers that pages state are those of the code and of the cards. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { parseLayer } from '../../src/config/layers.js';
import { confidencePresets } from '../../src/config/model.js';
import { allTrainKeys, resolveTrainConfig, type TrainRaw } from '../../src/config/train.js';
import { ERROR_EXIT_CODES, EXIT } from '../../src/errors.js';
import { withUserModules } from '../../src/execution/userModules.js';
import { DEFAULT_RESAMPLES, wilson } from '../../src/metrics/index.js';
import { outsideEachEnd } from '../../src/metrics/intervals.js';
import { FAMILIES } from '../../src/models/folder.js';
import { rampedAlpha, scheduleFactor } from '../../src/steps/schedule.js';
import { pages, readPage, root } from './markdown.js';

const method = readPage('docs/method.md');
const guide = readPage('docs/guide.md');

describe('method', () => {
  it("Wilson's interval of 18 right of 20", () => {
    const [low, high] = wilson(18, 20);
    expect(method.text).toContain(`18 right of 20 give [${low.toFixed(4)}, ${high.toFixed(4)}]`);
  });

  it('resamples', () => {
    expect(DEFAULT_RESAMPLES).toBe(10_000);
    expect(outsideEachEnd(DEFAULT_RESAMPLES)).toBe(250);
    expect(method.text).toContain('$R = 10{,}000$');
    expect(method.text).toContain(String.raw`\lfloor 0.025 R \rfloor = 250`);
  });

  it('presets of the confidence loss', () => {
    for (const [name, { alphaMax, lossWarmup }] of Object.entries(confidencePresets)) {
      expect(method.text).toContain(`| \`${name}\` | ${alphaMax} | ${lossWarmup} |`);
    }
  });

  it('the weight of the confidence loss', () => {
    const paper = { alphaMax: 0.75, warmup: 0.2 };
    expect(rampedAlpha(10, 100, paper)).toBeCloseTo(0.75 * (10 / (0.2 * 100)), 12);
    expect(rampedAlpha(20, 100, paper)).toBe(0.75);
    const released = { alphaMax: 0.5, warmup: 'as-released' } as const;
    expect(rampedAlpha(10, 100, released)).toBeCloseTo(0.5 * 0.1, 12);
    expect(rampedAlpha(11, 100, released)).toBe(0.5);
  });

  it('schedules', () => {
    const at = (k: number, schedule: 'constant' | 'linear' | 'cosine') =>
      scheduleFactor(k, 30, { schedule, warmupSteps: 10 });
    expect(at(4, 'cosine')).toBeCloseTo(0.5, 12);
    const s = (15 - 10) / (30 - 10);
    expect(at(15, 'constant')).toBe(1);
    expect(at(15, 'linear')).toBeCloseTo(1 - s, 12);
    expect(at(15, 'cosine')).toBeCloseTo((1 + Math.cos(Math.PI * s)) / 2, 12);
  });
});

describe('guide', () => {
  it('every error code stands beside its exit code', () => {
    const rows = new Map(
      [...guide.text.matchAll(/^\| (\d+) \| [^|]* \| ([^|]*) \|$/gm)].map(([, code, names = '']) => [
        Number(code),
        [...names.matchAll(/`(ERR_[A-Z_]+)`/g)].map(([, name]) => name),
      ]),
    );
    for (const code of Object.values(EXIT)) {
      const codes = Object.entries(ERROR_EXIT_CODES).filter(([, exit]) => exit === code);
      expect([...(rows.get(code) ?? [])].sort()).toEqual(codes.map(([name]) => name).sort());
    }
  });

  it.each(
    pages().flatMap(({ file, blocks }) =>
      blocks.flatMap((block) => (block.language === 'yaml' ? [{ ...block, file }] : [])),
    ),
  )('$file, line $line: a configuration of train', async ({ code }) => {
    const origin = { kind: 'file', file: 'experiment.yaml', command: 'train' } as const;
    const layer = parseLayer<TrainRaw>(allTrainKeys, parse(code) as Record<string, unknown>, origin);
    expect(resolveTrainConfig(await withUserModules([layer]))).toBeDefined();
  });
});

describe('README', () => {
  const readme = readPage('README.md');

  it("its table has the cards' numbers", () => {
    const sets = readdirSync(join(root, 'assets/data')).filter((name) =>
      readme.text.includes(`| \`${name}\``),
    );
    expect(sets.length).toBeGreaterThan(0);
    for (const name of sets) {
      const row = readme.text.split('\n').find((line) => line.startsWith(`| \`${name}\``)) ?? '';
      const card = readFileSync(join(root, 'assets/data', name, 'card.md'), 'utf8');
      for (const [share] of row.matchAll(/\d+\.\d %/g)) expect(card).toContain(share);
      const [, pgr, low, high] = /(\d\.\d\d) \[(\d\.\d\d), (\d\.\d\d)\]/.exec(row) ?? [];
      expect(card).toContain(`PGR ${pgr} (95 % interval ${low} to ${high})`);
    }
  });

  it('its picture has the numbers of its table', () => {
    const picture = readFileSync(join(root, 'docs/images/chess.svg'), 'utf8');
    const shown = readme.text.match(/^\| `chess-.*$/gm) ?? [];
    expect(shown.length).toBe(3);
    for (const row of shown) expect(picture).toContain(/\d\.\d\d \[[^\]]*\]/.exec(row)?.[0]);
    expect(picture).not.toMatch(/<script|href=|\/home\/|\/tmp\//);
  });

  it('names every family', () => {
    for (const family of FAMILIES) {
      expect(readme.text.toLowerCase().replaceAll('-', '')).toContain(family);
    }
  });
});
