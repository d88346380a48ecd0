import { W2sError } from '../errors.js';
import {
  accuracyInterval,
  type BootstrapOptions,
  type Credits,
  checkSomething,
  countCorrect,
  DEFAULT_RESAMPLES,
  type GroupedItems,
  groupItems,
  mean,
  needsBootstrap,
  shareRight,
  sumSeeds,
} from './accuracy.js';
import { type RankedScores, rankScores, weightedAuroc } from './auroc.js';
import type { GapRecovered, Interval } from './document.js';
import { gapRecovered } from './gap.js';
import { outsideEachEnd, percentileInterval } from './intervals.js';
import { type Draw, forEachDraw, sumDrawn } from './resample.js';

/** What one model of one seed did on the test items. */
export interface ModelOutcome {
  /** 1 for a right answer, ½ for a tie of two, else 0 [n]. */
  correct: Credits;
  /** Of the positive class, on any monotonic scale; wanted for AUROC only [n]. */
  scores?: Float64Array;
  /**
   * Groups of its own items, when it was scored on other items than the rest (supervision from outside
   * without test predictions): it is then resampled on its own.
   */
  ownGroups?: readonly string[];
}

export const ROLES = ['weak', 'student', 'ceiling'] as const;
export type Role = (typeof ROLES)[number];
export type SeedOutcomes = Readonly<Record<Role, ModelOutcome>>;

export interface CompareOptions extends BootstrapOptions {
  seeds: readonly SeedOutcomes[];
  /** Group name of each test item; the same items in the same order for all models and seeds [n]. */
  groups: readonly string[];
  /** True class of each test item, 0 or 1; null or absent: not a binary task [n]. */
  labels?: Uint8Array | null;
}

export interface ScoreSummary {
  accuracy: number;
  ci95: Interval;
  auroc: number | null;
  aurocCi95: Interval | null;
  n: number;
}

export interface SeedSummary {
  weak: number;
  student: number;
  ceiling: number;
  /** Null where this seed's own interval of ceiling − weak is not above zero. */
  pgr: number | null;
}

export interface Comparison {
  weak: ScoreSummary;
  student: ScoreSummary;
  ceiling: ScoreSummary;
  /** Ceiling − weak, in accuracy. */
  gap: { value: number; ci95: Interval };
  pgr: GapRecovered;
  pgrAuroc: GapRecovered;
  perSeed: readonly SeedSummary[];
}

/** One statistic of the three models: the point value and its resampled values. */
export type Resampled = Readonly<Record<Role, { value: number; draws: Float64Array }>>;

/**
 * Weak, student and ceiling side by side (DESIGN 3.7): means over seeds, their intervals, and the gap
 * recovered with an interval from the same draws of groups for all models and seeds, crossed with draws
 * of seeds.
 *
 * @throws ERR_ARGUMENT without seeds or items, or where lengths differ
 */
export function compareModels(options: CompareOptions): Comparison {
  const { seeds } = options;
  const items = groupItems(options.groups);
  checkSomething(seeds.length, items.n);
  const labels = binaryLabels(options, items.n);
  const models = ROLES.map((role) => new ResampledModel(role, options, items, labels));
  drawAll(models, items, seeds.length, options);

  const [weak, student, ceiling] = models as [ResampledModel, ResampledModel, ResampledModel];
  const resampled: Resampled = { weak: weak.accuracy, student: student.accuracy, ceiling: ceiling.accuracy };
  const accuracyGap = gapRecovered(resampled, items.groups);
  return {
    weak: weak.summary(seeds.length),
    student: student.summary(seeds.length),
    ceiling: ceiling.summary(seeds.length),
    gap: accuracyGap.gap,
    pgr: accuracyGap.recovered,
    pgrAuroc: aurocRecovered(weak, student, ceiling, labels !== null, items.groups),
    perSeed: summariseSeeds(options, weak, ceiling, items, accuracyGap.recovered),
  };
}

function binaryLabels({ labels }: CompareOptions, n: number): Uint8Array | null {
  if (labels === undefined || labels === null) return null;
  if (labels.length !== n) {
    throw new W2sError('ERR_ARGUMENT', `Expected ${n} labels for ${n} items but received ${labels.length}`);
  }
  return labels.every((label) => label <= 1) ? labels : null;
}

function drawAll(
  models: readonly ResampledModel[],
  items: GroupedItems,
  seeds: number,
  options: BootstrapOptions,
) {
  const { resamples = DEFAULT_RESAMPLES, seed = 0 } = options;
  const weights = new Int32Array(items.groups);
  const wantsWeights = models.some((model) => model.auroc !== null);
  forEachDraw({ groups: items.groups, seeds, resamples, seed }, (draw) => {
    const drawnItems = sumDrawn(items.sizes, draw.groups);
    if (wantsWeights) {
      weights.fill(0);
      for (let i = 0; i < draw.groups.length; i++) weights[draw.groups[i]!]!++;
    }
    for (const model of models) model.take(draw, drawnItems, weights);
  });
}

function aurocRecovered(
  weak: ResampledModel,
  student: ResampledModel,
  ceiling: ResampledModel,
  binary: boolean,
  groups: number,
): GapRecovered {
  const none = (reason: string): GapRecovered => ({ value: null, ci95: null, reason });
  if (!binary) return none('AUROC exists for binary tasks only');
  if (weak.auroc === null || student.auroc === null || ceiling.auroc === null) {
    return none('not all three models have scores for both classes on the test set');
  }
  return gapRecovered({ weak: weak.auroc, student: student.auroc, ceiling: ceiling.auroc }, groups).recovered;
}

/** Each seed by itself. Its PGR is a point value, so it is given only where the seed's own gap is beyond doubt. */
function summariseSeeds(
  { seeds, resamples = DEFAULT_RESAMPLES, seed = 0 }: CompareOptions,
  weak: ResampledModel,
  ceiling: ResampledModel,
  items: GroupedItems,
  ofAll: GapRecovered,
): SeedSummary[] {
  const withoutGap = new Float64Array(seeds.length);
  if (seeds.length > 1) {
    const gapSigns = seeds.map((_, s) => signOfGap(weak, ceiling, items, s));
    forEachDraw({ groups: items.groups, seeds: 1, resamples, seed }, (draw) => {
      for (let s = 0; s < seeds.length; s++) if (gapSigns[s]!(draw) <= 0) withoutGap[s]!++;
    });
  }
  return seeds.map((outcomes, s) => {
    const shareOf = (role: Role) => shareRight(outcomes[role].correct);
    const scores = { weak: shareOf('weak'), student: shareOf('student'), ceiling: shareOf('ceiling') };
    if (seeds.length === 1) return { ...scores, pgr: ofAll.value };
    const hasGap = items.groups > 1 && withoutGap[s]! <= outsideEachEnd(resamples);
    return {
      ...scores,
      pgr: hasGap ? (scores.student - scores.weak) / (scores.ceiling - scores.weak) : null,
    };
  });
}

/** What has the sign of one seed's ceiling − weak in a draw. On common items that is a single sum, which is quick. */
function signOfGap(
  weak: ResampledModel,
  ceiling: ResampledModel,
  items: GroupedItems,
  s: number,
): (draw: Draw) => number {
  const own = weak.ownDraws(s);
  const counts = ceiling.countsOf(s);
  if (own !== null) {
    return ({ index, groups }) => sumDrawn(counts, groups) / sumDrawn(items.sizes, groups) - own[index]!;
  }
  const weakCounts = weak.countsOf(s);
  const difference = counts.map((count, g) => count - weakCounts[g]!);
  return ({ groups }) => sumDrawn(difference, groups);
}

/** One model over all seeds, and its statistics in each resample. */
class ResampledModel {
  readonly accuracy: { value: number; draws: Float64Array };
  readonly auroc: { value: number; draws: Float64Array } | null;
  private readonly items: GroupedItems;
  private readonly counts: readonly Float64Array[];
  private readonly ranked: readonly RankedScores[];
  private readonly column: Float64Array;
  /** Resampled accuracy of each seed, for a model with items of its own [seeds][resamples]. */
  private readonly own: readonly Float64Array[] | null;

  constructor(role: Role, options: CompareOptions, testItems: GroupedItems, labels: Uint8Array | null) {
    const { resamples = DEFAULT_RESAMPLES } = options;
    const outcomes = options.seeds.map((seed) => seed[role]);
    const ownItems = outcomes.map(({ ownGroups }) =>
      ownGroups === undefined ? null : groupItems(ownGroups),
    );
    this.items = ownItems[0] ?? testItems;
    this.counts = outcomes.map(({ correct }, s) => countCorrect(correct, ownItems[s] ?? testItems));
    this.column = new Float64Array(testItems.groups);
    this.accuracy = {
      value: mean(outcomes.map(({ correct }) => shareRight(correct))),
      draws: new Float64Array(resamples),
    };
    this.own = ownItems.some((own) => own !== null)
      ? this.counts.map((counts, s) =>
          resampleAlone(counts, ownItems[s] ?? testItems, options, `${role} ${s}`),
        )
      : null;
    this.ranked = this.own !== null || labels === null ? [] : rankAll(outcomes, labels, testItems);
    this.auroc = this.pointAuroc(resamples, testItems.groups);
  }

  private pointAuroc(resamples: number, groups: number) {
    if (this.ranked.length === 0) return null;
    const once = new Int32Array(groups).fill(1);
    const value = mean(this.ranked.map((ranked) => weightedAuroc(ranked, once)));
    return Number.isNaN(value) ? null : { value, draws: new Float64Array(resamples) };
  }

  /** Adds this draw's statistics. */
  take(draw: Draw, drawnItems: number, weights: Int32Array): void {
    const { index, groups, seedCounts, sameSeeds } = draw;
    const seeds = seedCounts.length;
    if (this.own !== null) {
      this.accuracy.draws[index] = weightedMean(this.own, seedCounts, (values) => values[index]!);
    } else {
      if (!sameSeeds) sumSeeds(this.counts, seedCounts, this.column);
      this.accuracy.draws[index] = sumDrawn(this.column, groups) / (drawnItems * seeds);
    }
    if (this.auroc !== null) {
      this.auroc.draws[index] = weightedMean(this.ranked, seedCounts, (ranked) =>
        weightedAuroc(ranked, weights),
      );
    }
  }

  /** Right answers of one seed by group of its items. */
  countsOf(s: number): Float64Array {
    return this.counts[s]!;
  }

  /** Resampled accuracies of one seed, for a model with items of its own. */
  ownDraws(s: number): Float64Array | null {
    return this.own?.[s] ?? null;
  }

  summary(seeds: number): ScoreSummary {
    const draws = needsBootstrap(this.items, seeds) ? this.accuracy.draws : null;
    return {
      accuracy: this.accuracy.value,
      ci95: accuracyInterval(this.accuracy.value, this.items, draws),
      auroc: this.auroc?.value ?? null,
      aurocCi95: this.auroc === null ? null : percentileInterval(this.auroc.draws),
      n: this.items.n,
    };
  }
}

function rankAll(outcomes: readonly ModelOutcome[], labels: Uint8Array, items: GroupedItems): RankedScores[] {
  if (outcomes.some(({ scores }) => scores === undefined)) return [];
  return outcomes.map(({ scores }) => {
    if (scores!.length !== items.n) {
      throw new W2sError(
        'ERR_ARGUMENT',
        `Expected ${items.n} scores for AUROC but received ${scores!.length}`,
      );
    }
    return rankScores(scores!, labels, items.groupOf);
  });
}

/** Resampled accuracies of one seed on items that no other model shares. */
function resampleAlone(
  counts: Float64Array,
  items: GroupedItems,
  options: BootstrapOptions,
  name: string,
): Float64Array {
  const { resamples = DEFAULT_RESAMPLES, seed = 0 } = options;
  const values = new Float64Array(resamples);
  forEachDraw({ groups: items.groups, seeds: 1, resamples, seed, name }, ({ index, groups }) => {
    values[index] = sumDrawn(counts, groups) / sumDrawn(items.sizes, groups);
  });
  return values;
}

function weightedMean<T>(seeds: readonly T[], counts: Uint8Array, value: (seed: T) => number): number {
  let sum = 0;
  for (let s = 0; s < seeds.length; s++) {
    if (counts[s] !== 0) sum += counts[s]! * value(seeds[s]!);
  }
  return sum / seeds.length;
}
