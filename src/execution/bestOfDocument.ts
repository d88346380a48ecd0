/** The document of `best-of`: completions from the store, judged by what the data set knows of its test rows. */

import type { BestOfConfig } from '../config/reward.js';
import { placeText, unitOf } from '../data/badRow.js';
import { judgeOf } from '../data/index.js';
import type { Example } from '../data/types.js';
import { W2sError } from '../errors.js';
import type { BestOfPlan } from '../experiments/bestOf.js';
import type { StepHash } from '../experiments/plan.js';
import {
  BEST_OF_SCHEMA,
  type BestOfDocument,
  bestOfKl,
  combined,
  expectedBest,
  type Measure,
  type ResampledMeasure,
  ratio,
} from '../metrics/index.js';
import type { StepContext } from '../steps/context.js';
import { labelledRows } from '../steps/rows.js';
import type { Store } from '../store/index.js';
import { type Lines, readLines } from './outcomes.js';
import { rewardDocument } from './rewardDocument.js';

/** The measure of a judge that says what a completion is worth. */
const TRUTH = 'score';

export async function bestOfDocument(
  context: StepContext,
  plan: BestOfPlan,
  config: BestOfConfig,
): Promise<BestOfDocument> {
  const { store } = context;
  const { n } = config;
  const { weak, student, ceiling, generative, pgr, steps, seeds } = await rewardDocument(store, plan, config);
  const pool = await readPool(context, plan, Math.max(...n));
  const choose = async (
    role: 'weakRank' | 'studentRank' | 'ceilingRank',
  ): Promise<readonly ResampledMeasure[] | null> => {
    const hashes = plan.seeds.flatMap(({ roles }) => roles[role] ?? []);
    if (hashes.length === 0) return null;
    const rewards = await Promise.all(hashes.map((hash) => readRewards(store, hash)));
    return n.map((count) => chosenScore(pool, rewards, count));
  };
  const byWeak = await choose('weakRank');
  const byStudent = needed(await choose('studentRank'));
  const byCeiling = needed(await choose('ceilingRank'));
  const gains = byWeak?.map((one, i) => combined([byStudent[i] ?? one, one], ([a = 0, b = 0]) => a - b));
  const byTruth = (count: number) => withoutDraws(chosenScore(pool, [pool.truths], count));
  return {
    schema: BEST_OF_SCHEMA,
    config: { ...config },
    seeds,
    policy: config.policy ?? config.strong,
    prompts: pool.groups.length,
    samples: pool.samples,
    n,
    kl: n.map(bestOfKl),
    weak: byWeak && { model: weak.model, scores: byWeak.map(withoutDraws) },
    student: { model: student.model, scores: byStudent.map(withoutDraws) },
    ceiling: { model: ceiling.model, scores: byCeiling.map(withoutDraws) },
    gain: gains?.map(withoutDraws) ?? null,
    oracle: n.map(byTruth),
    random: byTruth(1),
    measures: pool.measures,
    // With generative fine-tuning those of its student and ceiling, which are the ones that choose.
    accuracy: { weak, student: generative?.student ?? student, ceiling: generative?.ceiling ?? ceiling },
    pgr: generative?.pgrTunedCeiling ?? pgr,
    store: store.shownPath,
    steps: { ...steps, ...plan.seeds[0]?.roles },
  };
}

function needed<T>(found: T | null): T {
  if (found === null) throw new TypeError('a plan without a model that chooses');
  return found;
}

const withoutDraws = ({ value, ci95 }: ResampledMeasure): Measure => ({ value, ci95 });

/** The completions of every prompt and what each is worth, prompt by prompt [prompts · samples]. */
interface Pool {
  samples: number;
  truths: Float64Array;
  /** Group of each prompt, by which intervals resample. */
  groups: readonly string[];
  /** Means over all completions of what else is measured. */
  measures: Readonly<Record<string, number>>;
}

async function readPool(context: StepContext, { test, seeds }: BestOfPlan, samples: number): Promise<Pool> {
  const lines = await readLines(context.store, seeds[0]?.roles.candidates ?? '');
  const { rows, file } = await labelledRows(context, test, 'preference');
  const examples = new Map(rows.map((row) => [row.id, row]));
  const judge = await judgeOf(test.dataset.format);
  const truths = new Float64Array(lines.length);
  const sums = new Map<string, number>();
  lines.forEach((line, i) => {
    const example = examples.get(line.group ?? '');
    const { measures = {} } = (example && judge?.(example, line.text ?? '')) ?? {};
    const truth = measures[TRUTH];
    if (typeof truth !== 'number') throw withoutTruth(example, line.text ?? '', file);
    truths[i] = truth;
    for (const [name, value] of Object.entries(measures)) {
      if (name !== TRUTH) sums.set(name, (sums.get(name) ?? 0) + Number(value));
    }
  });
  const measures = Object.fromEntries([...sums].map(([name, sum]) => [name, sum / lines.length]));
  return { samples, truths, groups: groupsOf(lines, samples, examples), measures };
}

function groupsOf(lines: Lines, samples: number, examples: ReadonlyMap<string, Example>): string[] {
  return lines.flatMap(({ group = '' }, i) =>
    i % samples === 0 ? [examples.get(group)?.group ?? group] : [],
  );
}

function withoutTruth(example: Example | undefined, text: string, file: string): W2sError {
  return new W2sError(
    'ERR_DATA',
    `Expected what "${text}" is worth for field "scores" in ${placeText({ file, unit: unitOf(file), row: example?.row ?? 1 })}, but received nothing`,
    { hint: 'Take test data with the worth of every possible completion: --dataset chess-preference' },
  );
}

/** Rewards of a `rank` step; what was blank comes last. */
async function readRewards(store: Store, hash: StepHash): Promise<Float64Array> {
  const lines = await readLines(store, hash);
  return Float64Array.from(lines, ({ logits }) => logits?.[0] ?? Number.NEGATIVE_INFINITY);
}

/** Mean truth of what is chosen among n, over prompts and seeds, with the crossed bootstrap's interval. */
function chosenScore(
  { truths, samples, groups }: Pool,
  seeds: readonly Float64Array[],
  n: number,
): ResampledMeasure {
  const found = ratio(
    seeds.map((rewards) => ({
      above: groups.map((_, prompt) => {
        const [from, to] = [prompt * samples, (prompt + 1) * samples];
        return expectedBest(rewards.subarray(from, to), truths.subarray(from, to), n);
      }),
    })),
    groups,
  );
  return needed(found);
}
