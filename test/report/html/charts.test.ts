import { describe, expect, test } from 'vitest';
import {
  cssVariables,
  curveChart,
  gapChart,
  intervalChart,
  NARROW,
  type Point,
  partsChart,
  reliabilityChart,
  renderSvg,
  WIDE,
} from '../../../src/report/charts/index.js';
import { smoothed, thinned } from '../../../src/report/charts/smooth.js';

const HOSTILE = '</svg><script>alert(1)</script> \u0007 & "quoted"';
const interval = { width: WIDE, domain: [0, 1], format: '.0%', mark: 'bar', labelWidth: 200 } as const;
const curve = (n: number): Point[] => Array.from({ length: n }, (_, i) => ({ x: i + 1, y: 1 / (i + 1) }));
const curves = { width: NARROW, format: '.2~f', xTitle: 'step', kind: 'loss' } as const;
const gap = {
  weak: '20 %',
  ceiling: '50 %',
  student: 'student',
  studentShort: 's',
  zeroShot: 0.5,
  seeds: [0.1, 0.9],
};

const CHARTS = {
  intervals: intervalChart(
    [
      { label: HOSTILE, value: 0.4, ci95: [0.3, 0.5], shown: '40 %', colour: 'weak' },
      { label: 'none', value: null, ci95: null, shown: '–', colour: 'student' },
    ],
    interval,
  ),
  dots: intervalChart([{ label: 'x', value: -3, ci95: [-9, 4], shown: '-3', colour: 'student' }], {
    ...interval,
    domain: [-1, 2],
    mark: 'dot',
    format: '.1f',
    labelWidth: 0,
    references: [{ at: 0, text: 'weak' }],
  }),
  gap: gapChart({ ...gap, value: 0.6, ci95: [0.4, 0.8] }, { width: WIDE }),
  'gap beyond everything': gapChart({ ...gap, value: -40, ci95: [-100, 300] }, { width: NARROW }),
  'one curve': curveChart([{ name: 'weak', colour: 'weak', seeds: [curve(300)] }], curves),
  'one step': curveChart([{ name: 'weak', colour: 'weak', seeds: [curve(1), []] }], curves),
  'seeds of different lengths': curveChart(
    [{ name: 'w', colour: 'weak', seeds: [curve(9), curve(7)] }],
    curves,
  ),
  parts: partsChart(
    [
      {
        label: 'all',
        parts: [
          { share: 0, words: 'none', colour: 'weak' },
          { share: 1, words: 'all', colour: 'zero' },
        ],
      },
    ],
    { width: NARROW },
  ),
  reliability: reliabilityChart([{ confidence: 0.7, accuracy: 0.2, n: 5 }], {
    width: 230,
    from: 0.5,
    colour: 'weak',
  }),
};

describe.each(Object.entries(CHARTS))('the chart %s', (_, spec) => {
  test('is one drawing without scripts, links, ids or numbers that are none', async () => {
    const svg = await renderSvg(spec);
    expect(svg).toMatch(/^<svg [^>]*viewBox="0 0 \d+ \d+"[^>]*>.*<\/svg>$/s);
    expect(svg).not.toMatch(/<script|href=|\sid=|url\(|NaN|Infinity|undefined|null/);
    expect(svg.match(/<svg/g)).toHaveLength(1);
    expect(svg).toContain('var(--');
  });

  test('is the same each time, and has plain colours when it stands alone', async () => {
    expect(await renderSvg(spec)).toBe(await renderSvg(spec));
    for (const theme of ['light', 'dark'] as const)
      expect(await renderSvg(spec, { theme })).not.toContain('var(');
  });
});

test('labels are escaped, freed of control characters and cut to their width', async () => {
  const svg = await renderSvg(CHARTS.intervals);
  expect(svg).toContain('&lt;/svg&gt;&lt;script&gt;alert(1)');
  expect(svg).toMatch(/…<\/text>/);
  expect([...svg].every((character) => character >= ' ')).toBe(true);
});

test('every axis number that was asked for is there', async () => {
  const svg = await renderSvg(
    intervalChart([{ label: 'x', value: 0.4, ci95: null, shown: '', colour: 'weak' }], {
      ...interval,
      ticks: [0, 0.2, 0.4, 0.6, 0.8, 1],
    }),
  );
  expect(svg.match(/>\d+ %</g)).toEqual(['>0 %<', '>20 %<', '>40 %<', '>60 %<', '>80 %<', '>100 %<']);
});

describe('curves', () => {
  test('smoothing keeps a straight line but for its ends, and flattens a spike', () => {
    const straight = Array.from({ length: 101 }, (_, x) => ({ x, y: 2 * x }));
    for (const { x, y } of smoothed(straight).slice(6, -6)) expect(y).toBeCloseTo(2 * x);
    expect(smoothed(straight)[0]?.y).toBeCloseTo(6);
    const spike = straight.map(({ x }) => ({ x, y: x === 50 ? 13 : 0 }));
    expect(smoothed(spike)[50]?.y).toBe(1);
    expect(smoothed(spike, 0)).toEqual(spike);
    expect(smoothed([])).toEqual([]);
  });

  test('thinning keeps first and last', () => {
    const thin = thinned(curve(5000), 150);
    expect(thin).toHaveLength(150);
    expect([thin[0]?.x, thin.at(-1)?.x]).toEqual([1, 5000]);
    expect(thinned(curve(3))).toEqual(curve(3));
  });
});

describe('colours', () => {
  const luminance = (hex: string): number => {
    const [r, g, b] = [1, 3, 5]
      .map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255)
      .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)) as [number, number, number];
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (a: string, b: string): number => {
    const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y) as [number, number];
    return (high + 0.05) / (low + 0.05);
  };

  test.each(['light', 'dark'] as const)(
    '%s: text in every colour meets WCAG AA on every ground',
    (scheme) => {
      const values = Object.fromEntries(
        Array.from(cssVariables(scheme).matchAll(/--([a-z-]+):(#[0-9a-f]{6});/g), ([, name, value]) => [
          name,
          value,
        ]),
      ) as Record<string, string>;
      for (const ground of ['page', 'card', 'tint']) {
        for (const text of ['ink', 'soft', 'weak', 'student', 'ceiling', 'zero']) {
          expect(contrast(values[text]!, values[ground]!), `${text} on ${ground}`).toBeGreaterThanOrEqual(
            4.5,
          );
        }
      }
    },
  );
});

test('a label that its column has room for stays whole', async () => {
  const rows = [{ label: 'zero-shot', value: 0.4, ci95: null, shown: '40 %', colour: 'zero' }] as const;
  expect(await renderSvg(intervalChart(rows, { ...interval, labelWidth: 64 }))).toContain('zero-shot');
  expect(await renderSvg(intervalChart(rows, { ...interval, labelWidth: 40 }))).toContain('zero…');
});
