/** Charts of results: data in, vega-lite specifications out, and their drawing as SVG. */

export { type ChoiceLine, choicesChart } from './choices.js';
export { type CurveOptions, type CurveRole, curveChart } from './curves.js';
export { type GapScale, gapChart } from './gap.js';
export { type IntervalOptions, type IntervalRow, intervalChart } from './intervals.js';
export { NARROW, roundUp, WIDE } from './kit.js';
export { type PartsRow, partsChart } from './parts.js';
export { type ReliabilityBin, type ReliabilityOptions, reliabilityChart } from './reliability.js';
export { type ChartSpec, type RenderOptions, renderSvg } from './render.js';
export type { Point } from './smooth.js';
export { visible } from './text.js';
export { type ColourName, colour, cssVariables, SANS } from './theme.js';
