/**
 * Makes games of chess: Stockfish against itself at a few nodes a move, with random openings and random
 * mistakes, so that many positions have something to win.
 *
 *   node scripts/chess-world/games.mjs --out FILE --from 0 --to 120000 [--seed pretrain]
 *
 * Game i depends on (seed, i) alone. The file has one line a game: index, a tab, the moves in UCI. A
 * second call goes on where the file ends; two processes with different ranges share the work.
 */
import { appendFileSync, existsSync, readFileSync, truncateSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Engine } from './engine.mjs';
import { legalUci, playUci, startPosition } from './moves.mjs';
import { pick, stream } from './random.mjs';

export const maxPlies = 40;
const nodeChoices = [20, 60, 200];
const mistakeChoices = [0, 0.05, 0.15, 0.35];

/** One side's strength: nodes a move, and the share of its moves that are random. */
const drawSide = (random) => ({ nodes: pick(random, nodeChoices), mistakes: pick(random, mistakeChoices) });

/** Plays game `index` of `seed`; the moves in UCI. */
export async function playGame(engine, seed, index) {
  const random = stream(seed, 'game', index);
  const opening = 1 + Math.floor(random() * 8);
  const sides = [drawSide(random), drawSide(random)];
  const position = startPosition();
  const moves = [];
  await engine.newGame();
  while (moves.length < maxPlies) {
    const side = sides[moves.length % 2];
    const atRandom = moves.length < opening || random() < side.mistakes;
    const legal = atRandom ? legalUci(position) : null;
    if (legal?.length === 0) break;
    const move = legal ? pick(random, legal) : await engine.bestMove(moves, side.nodes);
    if (move === null) break;
    if (!playUci(position, move))
      throw new Error(`Expected a legal move but received ${move} after ${moves.join(' ')}`);
    moves.push(move);
    if (position.isInsufficientMaterial()) break;
  }
  return moves;
}

/** Cuts a line that a killed run left unfinished; the index to go on from. */
function resumeAt(file, from) {
  if (!existsSync(file)) return from;
  const text = readFileSync(file, 'latin1');
  const whole = text.lastIndexOf('\n') + 1;
  truncateSync(file, whole);
  const last = text.slice(0, whole).trimEnd().split('\n').at(-1);
  return last ? Number(last.split('\t')[0]) + 1 : from;
}

async function main() {
  const { values } = parseArgs({
    options: {
      out: { type: 'string' },
      from: { type: 'string', default: '0' },
      to: { type: 'string' },
      seed: { type: 'string', default: 'pretrain' },
    },
  });
  const engine = new Engine();
  const name = await engine.start();
  const first = resumeAt(values.out, Number(values.from));
  const start = Date.now();
  let plies = 0;
  let buffer = '';
  for (let i = first; i < Number(values.to); i++) {
    const moves = await playGame(engine, values.seed, i);
    plies += moves.length;
    buffer += `${i}\t${moves.join(' ')}\n`;
    if (i % 100 === 99 || i === Number(values.to) - 1) {
      appendFileSync(values.out, buffer);
      buffer = '';
    }
    if (i % 2000 === 1999) {
      const rate = Math.round((plies / (Date.now() - start)) * 60000);
      console.error(`${name}: game ${i + 1}, ${plies} plies, ${rate} plies a minute`);
    }
  }
  engine.quit();
}

if (process.argv[1] === import.meta.filename) await main();
