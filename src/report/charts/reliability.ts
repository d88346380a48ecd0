/** Reliability diagrams (Guo et al. 2017): how often a model is right, against how sure it is. */

import { axisNumbers, chart, over, type Padding, paint, rowsOf } from './kit.js';
import type { ChartSpec } from './render.js';
import type { ColourName } from './theme.js';

export interface ReliabilityBin {
  confidence: number;
  accuracy: number;
  n: number;
}

export interface ReliabilityOptions {
  width: number;
  /** Least confidence there can be: 1 / classes. */
  from: number;
  colour: ColourName;
}

const PADDING: Padding = { left: 48, right: 10, top: 8, bottom: 42 };

/** @param bins those that hold items; a dot's area grows with their number */
export function reliabilityChart(bins: readonly ReliabilityBin[], options: ReliabilityOptions): ChartSpec {
  const { width, from } = options;
  const height = width - PADDING.left - PADDING.right + PADDING.top + PADDING.bottom;
  const lowest = Math.min(from, ...bins.map(({ accuracy }) => accuracy));
  const x = [from, 1] as const;
  const y = [Math.max(0, Math.floor(lowest * 10) / 10), 1] as const;
  const largest = Math.max(1, ...bins.map(({ n }) => n));
  const rows = bins.map((bin) => ({ ...bin, size: 24 + (300 * bin.n) / largest }));
  const xAxis = { ...axisNumbers('.0%'), values: [from, (from + 1) / 2, 1], title: 'confidence' };
  const yAxis = { ...axisNumbers('.0%'), tickCount: 5, title: null };
  return chart(width, height, PADDING, [
    {
      data: rowsOf([{ from, to: 1 }]),
      mark: { type: 'rule', strokeDash: [4, 3] },
      encoding: {
        x: over('from', x, xAxis),
        x2: { field: 'to' },
        y: over('from', y, yAxis),
        y2: { field: 'to' },
        color: paint('soft'),
      },
    },
    {
      data: rowsOf(rows),
      mark: { type: 'line', strokeWidth: 1.5, opacity: 0.6 },
      encoding: { x: over('confidence', x), y: over('accuracy', y), color: paint(options.colour) },
    },
    {
      data: rowsOf(rows),
      mark: { type: 'point', filled: true, opacity: 0.9 },
      encoding: {
        x: over('confidence', x),
        y: over('accuracy', y),
        size: { field: 'size', type: 'quantitative', scale: null },
        color: paint(options.colour),
      },
    },
  ]);
}
