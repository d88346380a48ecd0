/**
 * Colours and type of charts and pages. Charts name colours as CSS variables, so that a page turns dark
 * without a script; a chart that stands alone gets the values of one scheme.
 *
 * The three roles are told apart by lightness as well as by hue (after Okabe and Ito 2008), and are always
 * labelled in words.
 */

interface Shades {
  light: string;
  dark: string;
}

/** Every colour by its CSS variable, without the two dashes. */
const COLOURS = {
  page: { light: '#fbfaf7', dark: '#14161a' },
  card: { light: '#ffffff', dark: '#1b1e24' },
  ink: { light: '#1f1d1a', dark: '#ebe8e1' },
  soft: { light: '#5f5b54', dark: '#aaa69d' },
  line: { light: '#e4e0d8', dark: '#31353d' },
  grid: { light: '#edeae3', dark: '#272b32' },
  tint: { light: '#f3f0e9', dark: '#22262d' },
  weak: { light: '#ab4d07', dark: '#f2a25c' },
  student: { light: '#1a63b0', dark: '#74b3f5' },
  ceiling: { light: '#1b7a5c', dark: '#5dcaa2' },
  zero: { light: '#6d6878', dark: '#b0a9bf' },
  'board-light': { light: '#ece6d8', dark: '#c3bcad' },
  'board-dark': { light: '#a3b09c', dark: '#76857a' },
} as const satisfies Record<string, Shades>;

export type ColourName = keyof typeof COLOURS;

/** A colour as specifications and style sheets write it: `colour('ink')` is `var(--ink)`. */
export const colour = (name: ColourName): string => `var(--${name})`;

/** `--ink:#1f1d1a;…`, for one scheme. */
export function cssVariables(scheme: keyof Shades): string {
  return Object.entries(COLOURS)
    .map(([name, shades]) => `--${name}:${shades[scheme]};`)
    .join('');
}

/** Every `var(--…)` of a text by its value in one scheme. */
export function withoutVariables(text: string, scheme: keyof Shades): string {
  return text.replace(/var\(--([a-z-]+)\)/g, (whole, name: string) =>
    Object.hasOwn(COLOURS, name) ? COLOURS[name as ColourName][scheme] : whole,
  );
}

export const SANS = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", sans-serif';

/** What all charts have in common; the `config` of each specification. */
export const CHART_CONFIG = {
  aria: false,
  background: 'transparent',
  font: SANS.replaceAll('"', "'"),
  view: { stroke: null },
  axis: {
    domain: false,
    ticks: false,
    gridColor: colour('grid'),
    labelColor: colour('soft'),
    titleColor: colour('soft'),
    labelFontSize: 12,
    titleFontSize: 12,
    titleFontWeight: 'normal',
    labelPadding: 6,
    titlePadding: 8,
    labelLimit: 0,
    titleLimit: 0,
  },
  text: { color: colour('ink'), fontSize: 13, limit: 0 },
} as const;
