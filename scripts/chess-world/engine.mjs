/**
 * Stockfish over raw UCI. One thread, a node limit and an empty hash before each game make its answers a
 * function of the moves alone.
 */
import { spawn } from 'node:child_process';

export const stockfishPath = process.env.STOCKFISH ?? '/usr/games/stockfish';

export class Engine {
  #process;
  #rest = '';
  #waiting = null;

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
      if (!this.#waiting?.matches(line)) continue;
      const { resolve } = this.#waiting;
      this.#waiting = null;
      resolve(line);
    }
  }

  #ask(text, matches) {
    return new Promise((resolve, reject) => {
      this.#waiting = { matches, resolve, reject };
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
    const position = moves.length > 0 ? `position startpos moves ${moves.join(' ')}` : 'position startpos';
    const line = await this.#ask(`${position}\ngo nodes ${nodes}`, (text) => text.startsWith('bestmove'));
    const move = line.split(' ')[1];
    return move === '(none)' ? null : move;
  }

  quit() {
    this.#waiting = null;
    this.#process.stdin.end('quit\n');
  }
}

const isReady = (line) => line.startsWith('readyok');
