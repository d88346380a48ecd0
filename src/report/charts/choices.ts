/** What choosers get against how many they choose from: lines with bands of their intervals, n on a scale of doublings. */

import { endLabels } from './endLabels.js';
import { chart, over, type Padding, paint, type Row, roundUp, rowsOf } from './kit.js';
import type { ChartSpec } from './render.js';
import { type ColourName, colour } from './theme.js';

export interface ChoiceLine {
  name: string;
  colour: ColourName;
  /** Dashes, so that lines are told apart without colours too; none: a whole line. */
  dash?: readonly number[];
  /** One value for each n, and its interval where there is one. */
  points: readonly { value: number; ci95: readonly [number, number] | null }[];
}

const HEIGHT = 300;

/** @returns a chart `width` pixels wide */
export function choicesChart(
  lines: readonly ChoiceLine[],
  n: readonly number[],
  { width, yTitle }: { width: number; yTitle: string },
): ChartSpec {
  const padding: Padding = { left: 74, right: 70, top: 10, bottom: 44 };
  const x = xRange(n);
  const y = yRange(lines);
  const inner = HEIGHT - padding.top - padding.bottom;
  return chart(width, HEIGHT, padding, [
    axisLayer(x, y, n, yTitle),
    ...lines.map((line) => bandLayer(line, n, x, y)),
    ...lines.map((line) => lineLayer(line, n, x, y)),
    endLabels(
      lines.map(({ name, colour: own, points }) => ({
        name,
        colour: own,
        end: points.at(-1)?.value ?? y[0],
      })),
      inner,
      y,
      9,
    ),
  ]);
}

type Range = readonly [number, number];

/** In doublings; a single n stands in the middle. */
function xRange(n: readonly number[]): Range {
  const [low, high] = [Math.log2(Math.min(...n)), Math.log2(Math.max(...n))];
  return low < high ? [low, high] : [low - 1, high + 1];
}

/** Round numbers around all values and intervals. */
function yRange(lines: readonly ChoiceLine[]): Range {
  const all = lines.flatMap(({ points }) => points.flatMap(({ value, ci95 }) => [value, ...(ci95 ?? [])]));
  const [least, most] = [Math.min(...all), Math.max(...all)];
  const step = roundUp(Math.max((most - least) / 5, Math.abs(most) / 50));
  return [Math.floor(least / step) * step, Math.ceil(most / step) * step];
}

function axisLayer(x: Range, y: Range, n: readonly number[], yTitle: string) {
  const xAxis = {
    title: 'completions to choose from (n)',
    grid: false,
    values: n.map(Math.log2),
    labelExpr: "format(round(pow(2, datum.value)), 'd')",
    labelOverlap: true,
  };
  return {
    data: rowsOf([{ x: x[0], y: y[0] }]),
    mark: { type: 'point', opacity: 0 },
    encoding: { x: over('x', x, xAxis), y: over('y', y, { title: yTitle, tickCount: 5, format: '~r' }) },
  };
}

function bandLayer({ points, colour: name }: ChoiceLine, n: readonly number[], x: Range, y: Range) {
  const rows = points.flatMap(({ ci95 }, i): Row[] =>
    ci95 === null ? [] : [{ x: Math.log2(n[i] ?? 1), low: ci95[0], high: ci95[1] }],
  );
  return {
    data: rowsOf(rows),
    mark: { type: 'area', opacity: 0.14 },
    encoding: { x: over('x', x), y: over('low', y), y2: { field: 'high' }, fill: paint(name) },
  };
}

function lineLayer({ points, colour: name, dash }: ChoiceLine, n: readonly number[], x: Range, y: Range) {
  return {
    data: rowsOf(points.map(({ value }, i): Row => ({ x: Math.log2(n[i] ?? 1), y: value }))),
    mark: {
      type: 'line',
      strokeJoin: 'round',
      strokeWidth: 2.25,
      point: { filled: true, size: 36, color: colour(name) },
      ...(dash ? { strokeDash: dash } : {}),
    },
    encoding: { x: over('x', x), y: over('y', y), order: { field: 'x' }, color: paint(name) },
  };
}
