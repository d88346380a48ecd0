/** Games as packed token sequences. */
import { bosId, tokenIds } from './vocabulary.mjs';

const idOf = (move) => {
  const id = tokenIds.get(move);
  if (id === undefined) throw new Error(`Expected a move of the vocabulary but received ${move}`);
  return id;
};

/** `<bos>` and the moves of each game, laid end to end. */
export function packGames(games) {
  const offsets = new Int32Array(games.length + 1);
  for (const [i, { moves }] of games.entries()) offsets[i + 1] = offsets[i] + moves.length + 1;
  const tokens = new Int32Array(offsets[games.length]);
  for (const [i, { moves }] of games.entries()) {
    tokens[offsets[i]] = bosId;
    for (let k = 0; k < moves.length; k++) tokens[offsets[i] + 1 + k] = idOf(moves[k]);
  }
  return { tokens, offsets };
}
