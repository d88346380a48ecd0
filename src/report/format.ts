import type { GapRecovered, Interval } from '../metrics/index.js';

/** How numbers are shown. Documents keep them unrounded. */

export const NONE = '–';

/** 0.2345 becomes `23.5 %`. */
export const percent = (share: number | null | undefined): string =>
  share === null || share === undefined ? NONE : `${(share * 100).toFixed(1)} %`;

/** On pages a percent sign stays with its number. */
export const unbroken = (text: string): string => text.replaceAll(' %', '\u00a0%');

/** [0.22, 0.26] becomes `[22.0, 26.0]`, in percent. */
export const percentInterval = (interval: Interval | null | undefined): string =>
  interval ? `[${(interval[0] * 100).toFixed(1)}, ${(interval[1] * 100).toFixed(1)}]` : '';

export const decimals = (value: number | null | undefined, digits = 2): string =>
  value === null || value === undefined
    ? NONE
    : (Math.abs(value) < 0.5 * 10 ** -digits ? 0 : value).toFixed(digits);

export const decimalInterval = (interval: Interval | null | undefined, digits = 2): string =>
  interval ? `[${decimals(interval[0], digits)}, ${decimals(interval[1], digits)}]` : '';

/** `0.62 [0.41, 0.83]`, or `–`. */
export const gapText = ({ value, ci95 }: GapRecovered): string =>
  value === null ? NONE : `${decimals(value)} ${decimalInterval(ci95)}`.trimEnd();

/** `3 experiments`, `1 experiment`. */
export const plural = (count: number, noun: string): string =>
  `${count.toLocaleString('en-US')} ${noun}${count === 1 ? '' : 's'}`;

/**
 * Names of weak and strong model as tables show them: of a folder's path the last part, unless both would
 * read the same. Built-in names and hub ids (`org/name`) stay whole.
 */
export function shownModels({ weak, strong }: { weak: string; strong: string }): {
  weak: string;
  strong: string;
} {
  const short = { weak: weak.split(',').map(lastOfPath).join(', '), strong: lastOfPath(strong) };
  return short.weak === short.strong && weak !== strong ? { weak, strong } : short;
}

/** The name of student and ceiling: the strong model's, or that of the features that stand in for it. */
export function strongOf({
  config,
  student,
}: {
  config: { strong: string };
  student: { model: string };
}): string {
  return config.strong === '' ? student.model : config.strong;
}

function lastOfPath(name: string): string {
  const isPath = /^[./~]|\\|\/.*\//.test(name);
  return isPath ? (name.split(/[/\\]/).findLast((part) => part !== '') ?? name) : name;
}
