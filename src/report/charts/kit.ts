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

/** How an axis writes its numbers: shares as text elsewhere has them, `40 %`. */
export const axisNumbers = (format: string) =>
  format === '.0%'
    ? { labelExpr: "format(datum.value * 100, '.0f') + ' %'", labelOverlap: false }
    : { format, labelOverlap: false };

/** A round number at or above: 1, 2, 2.5, 5 and 10 times powers of ten. */
export function roundUp(value: number): number {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 1.5, 2, 2.5, 3, 4, 5, 6, 8].find((step) => step * power >= value * (1 - 1e-9)) ?? 10) * power;
}
