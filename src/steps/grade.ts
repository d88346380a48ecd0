/** `grade`: labels that a student is trained on, held against the truth that it never sees. */

import type { Supervision } from '../data/index.js';
import type { GradeSpec } from '../experiments/plan.js';
import type { Prediction } from '../store/index.js';
import { logitsOf } from '../tasks/classification.js';
import type { StepContext } from './context.js';
import { creditOf } from './evaluate.js';
import { judgeLines } from './judging.js';
import { halfRight, truthOf } from './predict.js';
import type { GradeResult } from './results.js';
import { labelledRows, type Rows, readAllPredictions, supervision, unlabelledRows } from './rows.js';
import type { StepOutcome } from './run.js';

export async function grade(
  context: StepContext,
  spec: GradeSpec,
  hash: string,
): Promise<StepOutcome<GradeResult>> {
  const startedAt = performance.now();
  const rows = await labelledRows(context, spec.data, spec.task);
  const answers = await answersOf(context, spec);
  const elsewhere = spec.unlessIn ? await idsOf(context, spec, spec.unlessIn) : new Set<string>();
  const held = rows.rows.flatMap((row): Prediction[] => {
    const answer = elsewhere.has(row.id) ? undefined : answers.get(row.id);
    return answer === undefined || answer.keep === false ? [] : [gradedLine(spec, row, answer)];
  });
  const graded = spec.task === 'completion' ? (await judgeLines(spec.data, rows.rows, held)).lines : held;
  const leftOut = rows.rows.filter(({ id }) => answers.get(id)?.keep === false).length;
  const all = graded.length + leftOut === rows.rows.length;
  await context.store.writePredictions(hash, graded);
  const right = graded.reduce((sum, line) => sum + creditOf(line), 0);
  return {
    result: {
      kind: 'grade',
      n: graded.length,
      accuracy: all ? right / graded.length : null,
      ...(leftOut === 0 ? {} : { leftOut }),
    },
    timing: { seconds: (performance.now() - startedAt) / 1000, tokens: 0, examples: 0 },
  };
}

type Answer = Pick<Prediction, 'logits' | 'text' | 'keep'>;

async function answersOf(context: StepContext, spec: GradeSpec): Promise<ReadonlyMap<string, Answer>> {
  if (spec.labels.from === 'data' || spec.labels.from === 'none') throw new TypeError('no labels to grade');
  if (spec.labels.from === 'step') {
    const lines = await readAllPredictions(context.store, spec.labels.step);
    return new Map(lines.map((line) => [line.id, line]));
  }
  const labels = await supervision(context, spec.labels, spec.data, spec.task);
  return new Map([...labels].map(([id, value]) => [id, asAnswer(value)]));
}

function asAnswer(value: Supervision): Answer {
  return typeof value === 'string' ? { text: value } : { logits: logitsOf(value) };
}

function gradedLine(spec: GradeSpec, row: Rows['rows'][number], answer: Answer): Prediction {
  const completion = row.completions?.[0];
  return {
    id: row.id,
    split: spec.data.part,
    ...(row.group === row.id ? {} : { group: row.group }),
    ...(spec.task === 'completion' && completion !== undefined ? { label: completion } : truthOf(row)),
    ...(answer.logits ? { logits: answer.logits } : {}),
    ...(answer.text === undefined ? {} : { text: answer.text }),
    ...(spec.task === 'preference' ? halfRight(row, answer.logits) : {}),
  };
}

async function idsOf(
  context: StepContext,
  spec: GradeSpec,
  data: NonNullable<GradeSpec['unlessIn']>,
): Promise<Set<string>> {
  const { rows } = await unlabelledRows(context, data, spec.task);
  return new Set(rows.map((row) => row.id));
}
