/**
 * chess-puzzles: the game so far, then the one best move. A position counts when the engine's best move at
 * 1,000 nodes mates, or is a capture that static exchange evaluation also finds winning.
 */
import { parseUci } from 'chessops/util';
import { Engine } from './engine.mjs';
import { capturedValue, exchangeValue } from './exchange.mjs';
import { legalUci, positionAfter } from './moves.mjs';
import { shuffled, stream } from './random.mjs';

const nodes = 1000;
const triesPerGame = 6;
const plies = { first: 8, last: 39 };

function mates(position, uci) {
  const after = position.clone();
  after.play(parseUci(uci));
  return after.isCheckmate();
}

function winsMaterial(position, uci) {
  const move = parseUci(uci);
  return capturedValue(position, move) > 0 && exchangeValue(position, move) > 0;
}

/** Whether a move may be the answer of a puzzle. */
export const isPuzzleMove = (position, uci) => winsMaterial(position, uci) || mates(position, uci);

async function puzzleOf(engine, game) {
  const candidates = [...game.fresh].filter((ply) => ply >= plies.first && ply <= plies.last);
  const order = shuffled(stream('tasks', 'puzzle', game.index), candidates);
  for (const ply of order.slice(0, triesPerGame)) {
    const prompt = game.moves.slice(0, ply);
    const position = positionAfter(prompt);
    if (!legalUci(position).some((uci) => isPuzzleMove(position, uci))) continue;
    await engine.newGame();
    const best = await engine.bestMove(prompt, nodes);
    if (best === null || !isPuzzleMove(position, best)) continue;
    return { id: `p${game.index}`, group: `g${game.index}`, prompt: prompt.join(' '), completion: best };
  }
  return null;
}

/** One puzzle from each game that has one. */
export async function puzzleRows(games) {
  const engine = new Engine();
  await engine.start();
  const rows = [];
  for (const game of games) {
    const row = await puzzleOf(engine, game);
    if (row) rows.push(row);
  }
  engine.quit();
  return rows;
}
