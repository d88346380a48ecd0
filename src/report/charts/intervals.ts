/** Values with their 95 % intervals, one a row: accuracies of models, PGR of runs. */

import { axisNumbers, chart, OWN_COLOUR, over, type Padding, paint, pixels, rowsOf } from './kit.js';
import type { ChartSpec } from './render.js';
import { fitted } from './text.js';
import { type ColourName, colour } from './theme.js';

export interface IntervalRow {
  label: string;
  /** Null: the row says so in `shown` and has no mark. */
  value: number | null;
  /** Null: no interval is known. */
  ci95: readonly [number, number] | null;
  /** The value in words, beside its mark. */
  shown: string;
  colour: ColourName;
}

export interface IntervalOptions {
  width: number;
  domain: readonly [number, number];
  /** vega's number format of the axis: `.0%`, `.1f`. */
  format: string;
  /** Bars from zero, or dots where zero is no natural start. */
  mark: 'bar' | 'dot';
  /** Width for labels left of the rows; 0 puts them above. */
  labelWidth: number;
  /** Where the axis has its numbers; by default where vega finds them fit. */
  ticks?: readonly number[];
  /** Upright lines with a word above each, such as chance. */
  references?: readonly { at: number; text: string }[];
}

const BAR = 20;
const TOP = 24;

/** @returns a chart `width` pixels wide; its height follows from the number of rows */
export function intervalChart(rows: readonly IntervalRow[], options: IntervalOptions): ChartSpec {
  const { width, labelWidth, references = [] } = options;
  const above = labelWidth === 0;
  const pitch = above ? 50 : 38;
  const padding: Padding = {
    left: above ? 2 : labelWidth + 10,
    right: 8,
    top: references.length > 0 ? TOP : 6,
    bottom: 26,
  };
  const inner = rows.length * pitch;
  const values = rows.map((row, i) => {
    const middle = i * pitch + (above ? 33 : pitch / 2);
    const end = Math.min(
      options.domain[1],
      Math.max(row.value ?? options.domain[0], row.ci95?.[1] ?? options.domain[0]),
    );
    return {
      label: fitted(row.label, above ? width : labelWidth),
      value: row.value,
      low: row.ci95?.[0] ?? null,
      high: row.ci95?.[1] ?? null,
      shown: row.shown,
      end,
      zero: Math.max(0, options.domain[0]),
      y: middle,
      top: middle - BAR / 2,
      bottom: middle + BAR / 2,
      capTop: middle - 5,
      capBottom: middle + 5,
      labelY: above ? middle - 20 : middle,
      colour: colour(row.colour),
    };
  });
  const known = values.filter(({ value }) => value !== null);
  const spec = chart(width, inner + padding.top + padding.bottom, padding, [
    ...referenceLayers(references, options.domain, inner),
    ...markLayers(known, options, inner),
    ...whiskers(
      known.filter(({ low }) => low !== null),
      options.domain,
      inner,
    ),
    {
      data: rowsOf(values),
      mark: { type: 'text', align: 'left', baseline: 'middle', dx: 9, fontWeight: 600 },
      encoding: {
        x: over('end', options.domain),
        y: pixels('y', inner),
        text: { field: 'shown' },
        color: paint('ink'),
      },
    },
    {
      data: rowsOf(values),
      mark: { type: 'text', align: above ? 'left' : 'right', baseline: 'middle' },
      encoding: {
        x: { value: above ? 0 : -10 },
        y: pixels('labelY', inner),
        text: { field: 'label' },
        color: OWN_COLOUR,
      },
    },
  ]);
  return spec;
}

type Values = readonly Readonly<Record<string, string | number | null>>[];

function markLayers(values: Values, { domain, mark, format, ticks }: IntervalOptions, height: number) {
  // With a count as well, vega would leave out every other value.
  const axis = { ...axisNumbers(format), title: null, ...(ticks ? { values: ticks } : { tickCount: 5 }) };
  if (mark === 'dot') {
    return [
      {
        data: rowsOf(values),
        mark: { type: 'point', filled: true, size: 110, opacity: 1 },
        encoding: { x: over('value', domain, axis), y: pixels('y', height), color: OWN_COLOUR },
      },
    ];
  }
  return [
    {
      data: rowsOf(values),
      mark: { type: 'rect', opacity: 0.8, cornerRadius: 2 },
      encoding: {
        x: over('zero', domain, axis),
        x2: { field: 'value' },
        y: pixels('top', height),
        y2: { field: 'bottom' },
        color: OWN_COLOUR,
      },
    },
  ];
}

/** The interval as a line with caps, on a halo so that it is seen on the bar too. */
function whiskers(values: Values, domain: readonly [number, number], height: number) {
  const line = (strokeWidth: number, color: 'ink' | 'page') => ({
    data: rowsOf(values),
    mark: { type: 'rule', strokeWidth },
    encoding: { x: over('low', domain), x2: { field: 'high' }, y: pixels('y', height), color: paint(color) },
  });
  const cap = (field: string) => ({
    data: rowsOf(values),
    mark: { type: 'rule', strokeWidth: 1.5 },
    encoding: {
      x: over(field, domain),
      y: pixels('capTop', height),
      y2: { field: 'capBottom' },
      color: paint('ink'),
    },
  });
  return [line(4, 'page'), line(1.5, 'ink'), cap('low'), cap('high')];
}

function referenceLayers(
  references: readonly { at: number; text: string }[],
  domain: readonly [number, number],
  height: number,
) {
  if (references.length === 0) return [];
  const values = references.map((reference) => ({ ...reference, top: 0, bottom: height, y: -10 }));
  return [
    {
      data: rowsOf(values),
      mark: { type: 'rule', strokeDash: [3, 3] },
      encoding: {
        x: over('at', domain),
        y: pixels('top', height),
        y2: { field: 'bottom' },
        color: paint('soft'),
      },
    },
    {
      data: rowsOf(values),
      mark: { type: 'text', fontSize: 12, baseline: 'middle', align: 'center' },
      encoding: {
        x: over('at', domain),
        y: pixels('y', height),
        text: { field: 'text' },
        color: paint('soft'),
      },
    },
  ];
}
