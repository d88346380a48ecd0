/**
 * The most instructive disagreements: test items that student and supervisor answer differently, one of the
 * two being right.
 *
 * Of each kind (student right, supervisor right) five, more where the other has fewer. First come items that
 * are of that kind in most seeds; among these, with probabilities: where the less sure of the two is surest;
 * without: items that the strong model got wrong before fine-tuning (of the first kind), or that its ceiling
 * gets right (of the second). What is still alike is taken at equal distances along the test set. One item a
 * group. Answers and probabilities are those of the first seed.
 */

import { softmax } from '../../metrics/index.js';
import type { Prediction } from '../../store/index.js';
import { answerOf, isRight, isTie, type SeedRecord } from './runRecord.js';

export interface Disagreement {
  kind: Kind;
  id: string;
  truth: number | string;
  supervisor: Answer;
  student: Answer;
}

export type Kind = 'student' | 'supervisor';

export interface Answer {
  answer: number | string;
  /** Of its answer; null without logits. */
  probability: number | null;
}

interface Candidate extends Disagreement {
  group: string;
  /** How it ranks: compared place by place, larger first. */
  rank: readonly number[];
}

const HOW_MANY = 10;

/** @returns at most ten, those that the student got right first; none where the supervision says nothing of the test set */
export function chooseDisagreements(seeds: readonly SeedRecord[]): Disagreement[] {
  const [first] = seeds;
  if (!first?.weak) return [];
  const ceiling = byId(first.ceiling);
  const zeroShot = first.zeroShot && byId(first.zeroShot);
  const others = seeds.slice(1).flatMap(({ weak, student }) => (weak ? [pairs(weak, student)] : []));
  const weak = byId(first.weak);
  const candidates = first.student.flatMap((line): Candidate[] => {
    const supervisor = weak.get(line.id);
    const kind = supervisor && kindOf(supervisor, line);
    if (!supervisor || !kind || line.label === undefined) return [];
    const alike = others.filter((seed) => seed.get(line.id) === kind).length;
    const answers = { supervisor: answer(supervisor), student: answer(line) };
    const sure = Math.min(answers.supervisor.probability ?? 0, answers.student.probability ?? 0);
    const telling =
      kind === 'student' ? !isTrue(zeroShot?.get(line.id), true) : isTrue(ceiling.get(line.id), false);
    const truth = line.label as number | string;
    const rank = [alike, sure, line.logits === undefined && telling ? 1 : 0];
    return [{ kind, id: line.id, group: line.group ?? line.id, truth, ...answers, rank }];
  });
  const ofKind = (kind: Kind) => candidates.filter((one) => one.kind === kind);
  const [right, wrong] = [ofKind('student'), ofKind('supervisor')];
  const half = HOW_MANY / 2;
  const fromRight = Math.max(half, HOW_MANY - new Set(wrong.map(({ group }) => group)).size);
  const chosen = best(right, fromRight);
  return [...chosen, ...best(wrong, HOW_MANY - chosen.length)].map(
    ({ rank: _, group: __, ...disagreement }) => disagreement,
  );
}

function kindOf(supervisor: Prediction, student: Prediction): Kind | null {
  if (isTie(student) || isTie(supervisor)) return null;
  const [byStudent, bySupervisor] = [isRight(student), isRight(supervisor)];
  if (byStudent === bySupervisor) return null;
  return byStudent ? 'student' : 'supervisor';
}

const byId = (lines: readonly Prediction[]): Map<string, Prediction> =>
  new Map(lines.map((line) => [line.id, line]));

function pairs(weak: readonly Prediction[], student: readonly Prediction[]): Map<string, Kind | null> {
  const supervisors = byId(weak);
  return new Map(
    student.map((line) => {
      const supervisor = supervisors.get(line.id);
      return [line.id, supervisor ? kindOf(supervisor, line) : null];
    }),
  );
}

const isTrue = (line: Prediction | undefined, otherwise: boolean): boolean =>
  line ? isRight(line) : otherwise;

function answer(line: Prediction): Answer {
  const said = answerOf(line);
  const probability = line.logits && typeof said === 'number' ? softmax(line.logits)[said] : undefined;
  return { answer: said, probability: probability ?? null };
}

/** The `count` best, one a group; of those that rank alike some at equal distances, in the order of the test set. */
function best(candidates: readonly Candidate[], count: number): Candidate[] {
  const seen = new Set<string>();
  const ranked = candidates
    .map((one, place) => ({ one, place }))
    .sort((a, b) => compare(b.one.rank, a.one.rank) || a.place - b.place)
    .filter(({ one: { group } }) => !seen.has(group) && seen.add(group));
  const chosen: { one: Candidate; place: number }[] = [];
  for (let from = 0; from < ranked.length && chosen.length < count; ) {
    const rank = ranked[from]?.one.rank ?? [];
    const alike = ranked.slice(from).filter(({ one }) => compare(one.rank, rank) === 0);
    chosen.push(...spread(alike, count - chosen.length));
    from += alike.length;
  }
  return chosen.map(({ one }) => one);
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (const [i, value] of a.entries()) if (value !== b[i]) return value - (b[i] ?? 0);
  return 0;
}

function spread<T>(items: readonly T[], count: number): T[] {
  if (items.length <= count) return [...items];
  return Array.from(
    { length: count },
    (_, i) => items[Math.floor(((i + 0.5) * items.length) / count)],
  ).filter((item) => item !== undefined);
}
