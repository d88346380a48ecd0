import { badField, type Place, shown } from './badRow.js';

/** A label as a file says it: a class index, a class name, or the probability of each class. */
export type RawLabel = number | string | readonly number[];

/** How far probabilities may be from summing to 1: what rounding to four decimals leaves. */
const SUM_TOLERANCE = 5e-4;

const EXPECTED = 'a class index, a class name or an array of probabilities';

/** Reads one label. Throws ERR_DATA where it is missing, blank, null or impossible. */
export function parseLabel(value: unknown, place: Place, field: string): RawLabel {
  if (typeof value === 'number') return classIndex(value, place, field);
  if (typeof value === 'boolean') return String(value);
  if (Array.isArray(value)) return probabilities(value, place, field);
  if (typeof value !== 'string') throw badField(place, field, EXPECTED, shown(value));
  const text = value.trim();
  if (text === '') throw badField(place, field, EXPECTED, 'a blank');
  if (/^[+-]?\d+(\.\d*)?([eE][+-]?\d+)?$/.test(text)) return classIndex(Number(text), place, field);
  if (!text.startsWith('[')) return text;
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw badField(place, field, EXPECTED, shown(value));
  }
  return probabilities(parsed as readonly unknown[], place, field);
}

function classIndex(value: number, place: Place, field: string): number {
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw badField(place, field, `${EXPECTED} (an index is a whole number from 0)`, String(value));
}

function probabilities(values: readonly unknown[], place: Place, field: string): readonly number[] {
  const numbers = values.filter(
    (value): value is number => typeof value === 'number' && value >= 0 && value <= 1,
  );
  if (numbers.length !== values.length || values.length < 2) {
    throw badField(place, field, 'two or more probabilities from 0 to 1', shown(values));
  }
  const sum = numbers.reduce((total, p) => total + p, 0);
  if (Math.abs(sum - 1) > SUM_TOLERANCE) {
    throw badField(
      place,
      field,
      'probabilities that sum to 1',
      `${shown(values)}, which sums to ${+sum.toFixed(6)}`,
    );
  }
  return numbers;
}
