import type { ANALYSIS_NAMES } from '../config/analyse.js';
import type { Measure } from './ratio.js';

/** The JSON document of `analyse`, version 1: fields may be added, never renamed. Types only. */
export const ANALYSIS_SCHEMA = 'w2s-native/analyse@1';

/** One of the analyses. */
export type AnalysisName = (typeof ANALYSIS_NAMES)[number];

/** How a column's numbers are shown; `share` lies between 0 and 1. */
export type AnalysisUnit = 'share' | 'number' | 'count';

/** What a column of numbers is. */
export interface AnalysisColumn {
  key: string;
  title: string;
  unit: AnalysisUnit;
}

/** A row of numbers. */
export interface AnalysisRow {
  /** A model, a kind of label, a part of the test set. */
  name: string;
  /** By the columns' keys; null: there is no such number, and `note` says why. */
  values: Readonly<Record<string, Measure | null>>;
  note?: string;
}

/** A line through points, such as accuracy over training. */
export interface AnalysisCurve {
  name: string;
  points: readonly { x: number; y: number }[];
}

/** What `analyse` resolves to and `analyse` prints with `--json`. Numbers are unrounded. */
export interface AnalysisDocument {
  schema: typeof ANALYSIS_SCHEMA;
  analysis: AnalysisName;
  /** Every setting, defaults and all. */
  config: Readonly<Record<string, unknown>>;
  seeds: readonly number[];
  /** What a row is: `student`, `labels`, `test items`. */
  rowTitle: string;
  columns: readonly AnalysisColumn[];
  rows: readonly AnalysisRow[];
  /** The columns that the chart shows, one panel each. */
  charted: readonly string[];
  /** Numbers over all rows, such as a trend. */
  facts: readonly { name: string; unit: AnalysisUnit; measure: Measure }[];
  curves?: { xTitle: string; lines: readonly AnalysisCurve[] };
  /** How to read it: a general paragraph. */
  reading: string;
  /** What these numbers say, as far as the intervals allow. */
  says: string;
  /** Relative to the working directory. */
  store: string;
  /** Step hashes by row and role, of the first seed. */
  steps: Readonly<Record<string, string>>;
}
