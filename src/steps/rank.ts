/** `rank`: the reward that a model gives to each completion that a `generate` step wrote. */

import type { Example } from '../data/types.js';
import type { RankSpec } from '../experiments/plan.js';
import type { Prediction } from '../store/index.js';
import { rewardsOf } from '../tasks/preference.js';
import type { StepContext } from './context.js';
import { encodeFor, openModel } from './openModel.js';
import type { RankResult } from './results.js';
import { type Rows, readAllPredictions, unlabelledRows } from './rows.js';
import type { StepOutcome } from './run.js';
import { scoreAll } from './score.js';

/**
 * Scores candidates: line by line their ids, each with its reward as the one logit. What was written several times
 * behind a prompt is read once; of a blank there is nothing to read, and its line has no logits.
 */
export async function rank(
  context: StepContext,
  spec: RankSpec,
  hash: string,
): Promise<StepOutcome<RankResult>> {
  const { reading, data } = spec;
  const rows = await unlabelledRows(context, data, reading.task);
  const candidates = await readAllPredictions(context.store, spec.candidates);
  const { distinct, places } = distinctTexts(rows, candidates);
  await using opened = await openModel(context, spec.model, reading, spec);
  const { sequences, truncated } = await encodeFor(opened, reading, { ...rows, rows: distinct });
  const rewards = new Float32Array(distinct.length);
  const totals = await scoreAll(context, opened.engine, opened.model, sequences, (scored, _, first) => {
    rewards.set(rewardsOf(scored.logits, opened.model.info.outputs), first);
  });
  const lines = candidates.map(({ id, split, group }, i): Prediction => {
    const place = places[i];
    const logits = place === undefined ? {} : { logits: [rewards[place] ?? 0] };
    return { id, split, ...(group === undefined ? {} : { group }), ...logits };
  });
  await context.store.writePredictions(hash, lines);
  return {
    result: { kind: 'rank', n: lines.length, distinct: distinct.length, truncated },
    timing: totals,
  };
}

interface Distinct {
  /** Rows of one completion each, every prompt with every text that was written behind it. */
  distinct: Example[];
  /** Index in `distinct` of each candidate; undefined for a blank. */
  places: (number | undefined)[];
}

function distinctTexts({ rows }: Rows, candidates: readonly Prediction[]): Distinct {
  const prompts = new Map(rows.map((row) => [row.id, row]));
  const distinct: Example[] = [];
  const known = new Map<string, number>();
  const places = candidates.map(({ group, text = '' }) => {
    const row = prompts.get(group ?? '');
    if (row === undefined || text.trim() === '') return undefined;
    const key = JSON.stringify([row.id, text]);
    const place = known.get(key) ?? distinct.push({ ...row, completions: [text] }) - 1;
    known.set(key, place);
    return place;
  });
  return { distinct, places };
}
