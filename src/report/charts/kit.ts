/** Parts of specifications. Charts are laid out in pixels here, so that nothing depends on measured text. */

import type { ChartSpec } from './render.js';
import { type ColourName, colour } from './theme.js';

export interface Padding {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

type Layer = Readonly<Record<string, unknown>>;
export type Row = Readonly<Record<string, string | number | null>>;

/** Width of the drawings that a desk and a phone get. */
export const WIDE = 720;
export const NARROW = 350;

/** A chart of exactly `width` × `height` pixels, padding included. */
export function chart(
  width: number,
  height: number,
  padding: Padding,
  layer: readonly (Layer | null)[],
): ChartSpec {
  return {
    width: width - padding.left - padding.right,
    height: height - padding.top - padding.bottom,
    padding,
    autosize: { type: 'none' },
    layer: layer.filter((one) => one !== null),
  };
}

/** Rows as inline data. */
export const rowsOf = (values: readonly Row[]) => ({ values });

/** y in pixels from the top. */
export const pixels = (field: string, height: number) => ({
  field,
  type: 'quantitative',
  scale: { domain: [0, height], range: [0, height], nice: false, zero: false },
  axis: null,
});

/**
 * A quantitative channel over a fixed domain. Layers share a scale and its axis: one of them says how the axis
 * looks, the others nothing; `null` is no axis at all and holds for all of them.
 */
export function over(
  field: string,
  domain: readonly [number, number],
  axis?: Readonly<Record<string, unknown>> | null,
) {
  const scale = { domain, nice: false, zero: false, clamp: true };
  return { field, type: 'quantitative', scale, ...(axis === undefined ? {} : { axis }) };
}

/** An ordinal colour by role name. */
export const paint = (name: ColourName) => ({ value: colour(name) });

/** Each row's own `colour`, as it stands. */
export const OWN_COLOUR = { field: 'colour', type: 'nominal', scale: null } as const;

type Mark = Readonly<Record<string, unknown>>;
type Colour = Readonly<Record<string, unknown>>;
type Ends = readonly [from: string, to: string];

/**
 * Layers on one stage: x over a domain, y in pixels. Strings name fields of the rows.
 * @param axis of every layer; see `over`
 */
export function stage(domain: readonly [number, number], height: number, axis?: null) {
  const x = (field: string) => over(field, domain, axis);
  const y = (field: string) => pixels(field, height);
  const layer = (rows: readonly Row[], mark: Mark, encoding: Mark): Layer => ({
    data: rowsOf(rows),
    mark,
    encoding,
  });
  return {
    text: (
      rows: readonly Row[],
      [ax, ay, text]: readonly [string, string, string],
      color: Colour,
      mark: Mark,
    ) =>
      layer(
        rows,
        { type: 'text', baseline: 'middle', ...mark },
        { x: x(ax), y: y(ay), text: { field: text }, color },
      ),
    points: (rows: readonly Row[], [ax, ay]: Ends, fill: Colour, mark: Mark) =>
      layer(rows, { type: 'point', filled: true, opacity: 1, ...mark }, { x: x(ax), y: y(ay), fill }),
    across: (rows: readonly Row[], [from, to]: Ends, ay: string, color: Colour, mark: Mark) =>
      layer(rows, { type: 'rule', ...mark }, { x: x(from), x2: { field: to }, y: y(ay), color }),
    upright: (rows: readonly Row[], ax: string, [top, bottom]: Ends, color: Colour, mark: Mark) =>
      layer(rows, { type: 'rule', ...mark }, { x: x(ax), y: y(top), y2: { field: bottom }, color }),
    boxes: (rows: readonly Row[], [from, to]: Ends, [top, bottom]: Ends, fill: Colour, mark: Mark) =>
      layer(
        rows,
        { type: 'rect', ...mark },
        { x: x(from), x2: { field: to }, y: y(top), y2: { field: bottom }, fill },
      ),
  };
}

/** How an axis writes its numbers: shares as text elsewhere has them, `40 %`. */
export const axisNumbers = (format: string) =>
  format === '.0%'
    ? { labelExpr: "format(datum.value * 100, '.0f') + ' %'", labelOverlap: false }
    : { format, labelOverlap: false };

/** A round number at or above: one or two digits, times a power of ten. */
export function roundUp(value: number): number {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 1.5, 2, 2.5, 3, 4, 5, 6, 8].find((step) => step * power >= value * (1 - 1e-9)) ?? 10) * power;
}
