/**
 * Stockfish over raw UCI. One thread, a node limit and an empty hash before each game make its answers a
 * function of the moves alone.
 */
import { spawn } from 'node:child_process';

/** The score of a mate, less its distance in moves. */
export const mateScore = 10000;

export const stockfishPath = process.env.STOCKFISH ?? '/usr/games/stockfish';

export class Engine {
  #process;
  #rest = '';
  #waiting = null;
  #lines = 1;

  constructor(path = stockfishPath) {
    this.#process = spawn(path, [], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#process.stdout.setEncoding('utf8');
    this.#process.stdout.on('data', (chunk) => this.#read(chunk));
    this.#process.on('exit', () => this.#waiting?.reject(new Error('Stockfish ended')));
    this.#process.on('error', (error) => this.#waiting?.reject(error));
  }

  #read(chunk) {
    const lines = (this.#rest + chunk).split('\n');
    this.#rest = lines.pop();
    for (const line of lines) {
      this.#waiting?.onLine?.(line);
      if (!this.#waiting?.matches(line)) continue;
      const { resolve } = this.#waiting;
      this.#waiting = null;
      resolve(line);
    }
  }

  #ask(text, matches, onLine) {
    return new Promise((resolve, reject) => {
      this.#waiting = { matches, resolve, reject, onLine };
      this.#process.stdin.write(`${text}\n`);
    });
  }

  /** Name and version, such as `Stockfish 15.1`; sets the options. */
  async start() {
    const name = await this.#ask('uci', (line) => line.startsWith('id name'));
    await this.#ask('setoption name Threads value 1\nsetoption name Hash value 8\nisready', isReady);
    return name.slice('id name '.length);
  }

  /** Forgets everything learnt from earlier positions. */
  newGame() {
    return this.#ask('ucinewgame\nisready', isReady);
  }

  /** The engine's move after `moves` (UCI, from the start position) at `nodes`, or null at the game's end. */
  async bestMove(moves, nodes) {
    const line = await this.#ask(`${this.#single()}${positionOf(moves)}\ngo nodes ${nodes}`, isBestMove);
    const move = line.split(' ')[1];
    return move === '(none)' ? null : move;
  }

  /**
   * The engine's `lines` best moves after `moves` at `nodes`, best first: { move, score }. The score is in
   * centipawns from the mover's view; mate in n is 10,000 - n, being mated in n is -(10,000 - n).
   * Taken are those of the deepest iteration that was finished for all lines.
   * @param only moves to choose from; all legal ones where it is left out
   */
  async analyse(moves, nodes, { lines = 1, only } = {}) {
    const byDepth = new Map();
    const keep = (text) => {
      const found = parseInfo(text);
      if (!found) return;
      if (!byDepth.has(found.depth)) byDepth.set(found.depth, []);
      byDepth.get(found.depth)[found.line - 1] = { move: found.move, score: found.score };
    };
    const asked = only ? ` searchmoves ${only.join(' ')}` : '';
    const setting = lines === this.#lines ? '' : `setoption name MultiPV value ${lines}\n`;
    this.#lines = lines;
    await this.#ask(`${setting}${positionOf(moves)}\ngo nodes ${nodes}${asked}`, isBestMove, keep);
    const most = Math.max(0, ...[...byDepth.values()].map((found) => Object.keys(found).length));
    const whole = [...byDepth].filter(([, found]) => Object.keys(found).length === most);
    return whole.sort(([a], [b]) => b - a)[0]?.[1] ?? [];
  }

  /** The command that goes back to one line, where several were asked for. */
  #single() {
    if (this.#lines === 1) return '';
    this.#lines = 1;
    return 'setoption name MultiPV value 1\n';
  }

  quit() {
    this.#waiting = null;
    this.#process.stdin.end('quit\n');
  }
}

const isReady = (line) => line.startsWith('readyok');
const isBestMove = (line) => line.startsWith('bestmove');

const positionOf = (moves) =>
  moves.length > 0 ? `position startpos moves ${moves.join(' ')}` : 'position startpos';

/** What an exact `info` line says, or null: bounds are none, and a move may be searched again. */
function parseInfo(text) {
  if (!text.startsWith('info depth') || /(lower|upper)bound/.test(text)) return null;
  const found = / depth (\d+) .*?multipv (\d+) score (cp|mate) (-?\d+) .* pv (\S+)/.exec(text);
  if (!found) return null;
  const [, depth, line, unit, amount, move] = found;
  const value = Number(amount);
  const score = unit === 'cp' ? value : Math.sign(value) * (mateScore - Math.abs(value));
  return { depth: Number(depth), line: Number(line), move, score };
}
