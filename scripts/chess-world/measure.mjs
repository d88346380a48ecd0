/** What a language model of chess knows: loss, how often its likeliest move is the one played, and legal. */
import { positionsOf } from './files.mjs';
import { isLegalUci } from './moves.mjs';
import { packGames } from './pack.mjs';
import { vocabulary } from './vocabulary.mjs';

/** Numbers on games that the model has not seen. */
export async function measure(model, games, microBatchTokens) {
  const scores = await model.score(packGames(games), { readout: 'lm', microBatchTokens });
  let loss = 0;
  for (const value of scores.logProbabilities) loss -= value;
  let played = 0;
  let legal = 0;
  for (const [i, { moves }] of games.entries()) {
    let k = scores.targetOffsets[i];
    const end = scores.targetOffsets[i + 1];
    for (const position of positionsOf(moves)) {
      if (k === end) break;
      const guess = vocabulary[scores.argmax[k]];
      if (guess === moves[k - scores.targetOffsets[i]]) played++;
      if (isLegalUci(position, guess)) legal++;
      k++;
    }
  }
  const count = scores.logProbabilities.length;
  return { validationLoss: loss / count, argmaxPlayed: played / count, argmaxLegal: legal / count };
}
