/**
 * Judges answers that are moves. A game of the prompt is played by the rules of chess, so that an answer can be
 * legal or not whatever the truth says.
 */
import type { Example, Judgement } from '../types.js';
import { isLegalUci, movesOf, playOn, positionOf } from './position.js';

/**
 * Evaluations beyond this many centipawns are all the same: the game is decided. A move that is not legal counts
 * as much as being mated.
 */
export const DECIDED = 1000;

/**
 * A move, or a line of several. Correct is an answer that begins with every move of the truth: what follows is
 * not looked at, as a model whose tokenizer has no end of text cannot stop there. Where the truth mates with its
 * last move, any other mate in its place is as good.
 *
 * Measures: `legal`, whether the answer has a move and all its moves are legal, as far as the truth goes, or all
 * where it is not known; for a line also `firstMove`, whether it begins as the truth does.
 */
export function judgeLine({ prompt = '', completions }: Example, answer: string): Judgement {
  const truth = completions?.[0] === undefined ? undefined : movesOf(completions[0]);
  const said = movesOf(answer).slice(0, truth?.length);
  const position = positionOf(prompt);
  const legal = position !== null && said.length > 0 && playOn(position.clone(), said) === said.length;
  if (truth === undefined) return { correct: null, measures: { legal } };
  const same = truth.filter(
    (move, i) => said[i] === move && truth.slice(0, i).every((m, k) => said[k] === m),
  );
  const correct = same.length === truth.length || (legal && matesAsWell(prompt, truth, said));
  return { correct, measures: truth.length === 1 ? { legal } : { legal, firstMove: same.length > 0 } };
}

/** Whether both lines are the same up to their last moves, and both mate. */
function matesAsWell(prompt: string, truth: readonly string[], said: readonly string[]): boolean {
  if (said.length !== truth.length || truth.slice(0, -1).some((move, i) => said[i] !== move)) return false;
  return [truth, said].every((line) => {
    const position = positionOf(prompt);
    return position !== null && playOn(position, line) === line.length && position.isCheckmate();
  });
}

/**
 * One move beside the engine's evaluation of every legal one (`scores`). Correct is a move that none betters;
 * moves that decide the game are alike.
 *
 * Measures: `legal`; `score`, the move's evaluation in centipawns from the mover's view, clipped to ±`DECIDED`,
 * and -`DECIDED` for one that is not legal.
 */
export function judgeScore({ prompt = '', scores }: Example, answer: string): Judgement {
  const [move = ''] = movesOf(answer);
  const position = positionOf(prompt);
  const legal = position !== null && isLegalUci(position, move);
  if (scores === undefined) return { correct: null, measures: { legal } };
  const best = Math.max(...Object.values(scores).map(clip));
  const own = scores[move];
  if (legal && own === undefined) return { correct: null, measures: { legal } };
  const score = legal && own !== undefined ? clip(own) : -DECIDED;
  return { correct: legal && score === best, measures: { legal, score } };
}

const clip = (score: number): number => Math.max(-DECIDED, Math.min(DECIDED, score));
