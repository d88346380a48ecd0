/** Training curves: one line a role, with its name at its end; faint lines behind it for each seed, or for what was smoothed. */

import { endLabels } from './endLabels.js';
import { axisNumbers, chart, over, type Padding, paint, type Row, roundUp, rowsOf } from './kit.js';
import type { ChartSpec } from './render.js';
import { meanCurve, type Point, smoothed, thinned } from './smooth.js';
import type { ColourName } from './theme.js';

export interface CurveRole {
  name: string;
  colour: ColourName;
  /** Dashes, so that lines are told apart without colours too; none: a whole line. */
  dash?: readonly number[];
  /** One curve a seed. */
  seeds: readonly (readonly Point[])[];
}

export interface CurveOptions {
  width: number;
  /** vega's number format of the y axis. */
  format: string;
  xTitle: string;
  /** Shares end at 1. */
  kind: 'share' | 'loss';
}

const HEIGHT = 260;

/** @throws TypeError without a single point */
export function curveChart(roles: readonly CurveRole[], options: CurveOptions): ChartSpec {
  const padding: Padding = { left: 46, right: 66, top: 10, bottom: 44 };
  const inner = HEIGHT - padding.top - padding.bottom;
  const drawn = roles.flatMap(drawnRole);
  const all = drawn.flatMap(({ lines }) => lines.flatMap(({ points }) => points));
  if (all.length === 0) throw new TypeError('no curve to draw');
  const xDomain = xRange(all.map(({ x }) => x));
  const yDomain = yRange(drawn, options.kind);
  const lines = drawn.flatMap(({ role, lines: own }) =>
    own.map((line) => lineLayer(line, role, xDomain, yDomain, options)),
  );
  return chart(options.width, HEIGHT, padding, [
    axisLayer(xDomain, yDomain, options),
    ...lines,
    endLabels(
      drawn.map(({ role, end }) => ({ name: role.name, colour: role.colour, end })),
      inner,
      yDomain,
      7,
    ),
  ]);
}

/** From the first step to the last; a single one stands in the middle. */
function xRange(values: readonly number[]): [number, number] {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return low < high ? [low, high] : [low - 1, high + 1];
}

interface Line {
  points: readonly Point[];
  bold: boolean;
}

interface DrawnRole {
  role: CurveRole;
  lines: readonly Line[];
  end: number;
}

/** One seed: the raw curve behind the smoothed one. Several: each smoothed, behind their mean. */
function drawnRole(role: CurveRole): DrawnRole[] {
  const curves = role.seeds.filter((points) => points.length > 0);
  if (curves.length === 0) return [];
  const smooth = curves.map((points) => smoothed(points));
  const bold = (smooth.length > 1 ? meanCurve(smooth) : smooth[0]) ?? null;
  const faint = curves.length > 1 ? smooth : curves;
  const lines: Line[] = faint.map((points) => ({ points: thinned(points), bold: bold === null }));
  if (bold !== null) lines.push({ points: thinned(bold), bold: true });
  return [{ role, lines, end: (bold ?? smooth[0])?.at(-1)?.y ?? 0 }];
}

/**
 * Round numbers around the bold lines; from zero where they come near it. Faint lines may leave the picture: a
 * single wild batch must not flatten everything else.
 */
function yRange(drawn: readonly DrawnRole[], kind: CurveOptions['kind']): [number, number] {
  const bold = drawn.flatMap(({ lines }) =>
    lines.filter((line) => line.bold).flatMap(({ points }) => points),
  );
  const values = bold.map(({ y }) => y);
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const step = roundUp(Math.max((most - least) / 4, most / 50));
  const low = least < 0.3 * most ? 0 : Math.max(0, Math.floor(least / step - 0.5) * step);
  const high = Math.ceil(most / step + 0.25) * step;
  return [low, kind === 'share' ? Math.min(1, high) : high];
}

function axisLayer(x: readonly [number, number], y: readonly [number, number], options: CurveOptions) {
  const xAxis = { title: options.xTitle, grid: false, tickCount: 5, format: 'd' };
  const yAxis = { title: null, tickCount: 5, ...axisNumbers(options.format) };
  return {
    data: rowsOf([{ x: x[0], y: y[0] }]),
    mark: { type: 'point', opacity: 0 },
    encoding: { x: over('x', x, xAxis), y: over('y', y, yAxis) },
  };
}

function lineLayer(
  { points, bold }: Line,
  { colour: name, dash, seeds }: CurveRole,
  x: readonly [number, number],
  y: readonly [number, number],
  { kind }: CurveOptions,
) {
  const several = seeds.length > 1;
  const faint = { strokeWidth: 1, opacity: several ? 0.4 : 0.32 };
  return {
    data: rowsOf(points.map((point): Row => ({ x: point.x, y: point.y }))),
    mark: {
      type: 'line',
      strokeJoin: 'round',
      interpolate: bold ? 'monotone' : 'linear',
      ...(bold ? { strokeWidth: 2.25, ...(dash ? { strokeDash: dash } : {}) } : faint),
      // Shares of small batches jump between few values.
      ...(!bold && kind === 'share' && !several ? { opacity: 0.18 } : {}),
    },
    encoding: { x: over('x', x), y: over('y', y), order: { field: 'x' }, color: paint(name) },
  };
}
