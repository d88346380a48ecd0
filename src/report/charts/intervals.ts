/** Values with their 95 % intervals, one a row: accuracies of models, PGR of runs. */

import {
  axisNumbers,
  chart,
  OWN_COLOUR,
  over,
  type Padding,
  paint,
  pixels,
  type Row,
  rowsOf,
  stage,
} from './kit.js';
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
  const { width, domain, labelWidth, references = [] } = options;
  const above = labelWidth === 0;
  const pitch = above ? 50 : 38;
  const padding: Padding = {
    left: above ? 2 : labelWidth + 10,
    right: 8,
    top: references.length > 0 ? TOP : 6,
    bottom: 26,
  };
  const height = rows.length * pitch;
  const values = rows.map((row, i) => placed(row, i * pitch + (above ? 33 : pitch / 2), options));
  const known = values.filter(({ value }) => value !== null);
  const on = stage(domain, height);
  const names = { align: above ? 'left' : 'right', baseline: 'middle' };
  return chart(width, height + padding.top + padding.bottom, padding, [
    ...referenceLayers(references, height, on),
    markLayer(known, options, on),
    ...whiskers(
      known.filter(({ low }) => low !== null),
      on,
    ),
    on.text(values, ['end', 'y', 'shown'], paint('ink'), { align: 'left', dx: 9, fontWeight: 600 }),
    {
      data: rowsOf(values),
      mark: { type: 'text', ...names },
      encoding: {
        x: { value: above ? 0 : -10 },
        y: pixels('labelY', height),
        text: { field: 'label' },
        color: OWN_COLOUR,
      },
    },
  ]);
}

/** A row where it is drawn: `y` is its middle. */
function placed(
  { label, value, ci95, shown, colour: name }: IntervalRow,
  y: number,
  options: IntervalOptions,
) {
  const { width, labelWidth, domain } = options;
  const [low, high] = domain;
  return {
    label: fitted(label, labelWidth === 0 ? width : labelWidth),
    value,
    low: ci95?.[0] ?? null,
    high: ci95?.[1] ?? null,
    shown,
    end: Math.min(high, Math.max(value ?? low, ci95?.[1] ?? low)),
    zero: Math.max(0, low),
    y,
    top: y - BAR / 2,
    bottom: y + BAR / 2,
    capTop: y - 5,
    capBottom: y + 5,
    labelY: labelWidth === 0 ? y - 20 : y,
    colour: colour(name),
  };
}

type Stage = ReturnType<typeof stage>;

/** Bars or dots; it is this layer that has the axis. */
function markLayer(rows: readonly Row[], { domain, mark, format, ticks }: IntervalOptions, on: Stage) {
  // With a count as well, vega would leave out every other value.
  const axis = { ...axisNumbers(format), title: null, ...(ticks ? { values: ticks } : { tickCount: 5 }) };
  const layer =
    mark === 'dot'
      ? on.points(rows, ['value', 'y'], OWN_COLOUR, { size: 110 })
      : on.boxes(rows, ['zero', 'value'], ['top', 'bottom'], OWN_COLOUR, { opacity: 0.8, cornerRadius: 2 });
  const x = over(mark === 'dot' ? 'value' : 'zero', domain, axis);
  return { ...layer, encoding: { ...(layer.encoding as object), x } };
}

/** The interval as a line with caps, on a halo so that it is seen on the bar too. */
function whiskers(rows: readonly Row[], on: Stage) {
  const ends = ['capTop', 'capBottom'] as const;
  return [
    on.across(rows, ['low', 'high'], 'y', paint('page'), { strokeWidth: 4 }),
    on.across(rows, ['low', 'high'], 'y', paint('ink'), { strokeWidth: 1.5 }),
    on.upright(rows, 'low', ends, paint('ink'), { strokeWidth: 1.5 }),
    on.upright(rows, 'high', ends, paint('ink'), { strokeWidth: 1.5 }),
  ];
}

function referenceLayers(references: readonly { at: number; text: string }[], height: number, on: Stage) {
  if (references.length === 0) return [];
  const rows = references.map((reference) => ({ ...reference, top: 0, bottom: height, y: -10 }));
  return [
    on.upright(rows, 'at', ['top', 'bottom'], paint('soft'), { strokeDash: [3, 3] }),
    on.text(rows, ['at', 'y', 'text'], paint('soft'), { fontSize: 12 }),
  ];
}
