// Processes that take turns: each runs its steps while the others wait, so that whatever else the machine does falls
// on all of them alike.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { spreadOf } from '../../dist/bench/statistics.js';
import { failure, keptOf, wholeStory } from './failure.mjs';
import { GRAPHS, OURS } from './plan.mjs';
import { Printed } from './printed.mjs';

/** Milliseconds that a process has to say its last words, once it answers no more. */
const LAST_WORDS = 2000;

/** One side: a process that answers a number of steps with one line of JSON. */
export class Side {
  /**
   * Starts it and waits until it is ready. One that `mayFail` is given back even if it does, with the reason in
   * `failed` and the end of what it printed in `tail`; `say` is told all of it.
   * @param {string} name @param {string[]} command @param {number} limit seconds that an answer may take
   * @param {{ mayFail?: boolean, say?: (text: string) => void }} [options]
   */
  static async start(name, command, limit, { mayFail = false, say = () => {} } = {}) {
    const side = new Side(name, command, limit);
    Object.assign(side, { mayFail, say });
    try {
      side.versions = (await side.#next()).versions;
    } catch (error) {
      await side.#fail(error);
    }
    return side;
  }

  /** Ends it: else it would go on beside all that is measured later. */
  async #fail(error) {
    await this.end();
    if (!this.mayFail) throw error;
    const { error: failed, tail } = keptOf(error);
    Object.assign(this, { failed, tail });
    this.say(`${this.name} failed: ${wholeStory(error)}`);
  }

  constructor(name, command, limit) {
    const [program, ...args] = command;
    this.name = name;
    this.limit = limit;
    this.turns = [];
    this.versions = {};
    this.process = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    this.errors = new Printed();
    this.process.stderr.setEncoding('utf8').on('data', (text) => this.errors.add(text));
    this.process.on('error', (error) => this.errors.add(error.message));
    this.closed = new Promise((resolve) => this.process.once('close', resolve));
    // What it did not live to read: the answer that does not come says so.
    this.process.stdin.on('error', () => {});
    this.lines = createInterface({ input: this.process.stdout })[Symbol.asyncIterator]();
  }

  /** Runs `steps` further steps; gives nothing where one failed that may. @param {number} steps @param {{ warmUp?: boolean }} phase */
  async turn(steps, { warmUp = false }) {
    this.process.stdin.write(`${steps}\n`);
    try {
      const answer = { ...(await this.#next()), steps, warmUp };
      this.turns.push(answer);
      return answer;
    } catch (error) {
      return this.#fail(error);
    }
  }

  async #next() {
    let timer;
    const late = new Promise((_, reject) => {
      timer = setTimeout(
        () => reject(new Error(`${this.name}: no answer in ${this.limit} s`, { cause: this.errors.text })),
        this.limit * 1000,
      );
    });
    try {
      const { value, done } = await Promise.race([this.lines.next(), late]);
      if (done) throw await this.#ended();
      return JSON.parse(value);
    } finally {
      clearTimeout(timer);
    }
  }

  async #ended() {
    await Promise.race([this.closed, delay(LAST_WORDS, undefined, { ref: false })]);
    const { signalCode } = this.process;
    return failure(`${this.name} ${signalCode ? `was killed by ${signalCode}` : 'ended'}`, this.errors.text);
  }

  /** Ends the process and waits until it is gone: its memory is free then. */
  async end() {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const gone = once(this.process, 'exit');
    this.process.stdin.end();
    const timer = setTimeout(() => this.process.kill('SIGKILL'), 5000);
    await gone;
    clearTimeout(timer);
  }
}

/**
 * Runs the phases on all sides in turn. A side that is not named in a phase's `peers` sits it out; our own never do.
 * @param {Side[]} sides @param {import('./plan.mjs').Phase[]} phases @param {(text: string) => void} say
 */
export async function takeTurns(sides, phases, say) {
  for (const phase of phases) {
    for (let round = 0; round < phase.rounds; round++) {
      const times = [];
      for (const side of sides) {
        if (side.failed !== undefined || sitsOut(side, phase)) continue;
        const answer = await side.turn(phase.steps, phase);
        times.push(answer ? `${side.name} ${(answer.seconds / phase.steps).toFixed(3)}` : side.failed);
      }
      say(
        `${phase.warmUp ? 'warm-up' : `round ${round + 1} of ${phase.rounds}`}: ${times.join(', ')} s a step`,
      );
    }
  }
}

/** @param {Side} side @param {import('./plan.mjs').Phase} phase */
const sitsOut = (side, { peers }) => !isOurs(side) && peers !== undefined && !peers.includes(side.name);

/** Whether a side is one of our own. @param {Side} side */
export const isOurs = ({ name }) => name === OURS || name === GRAPHS;

/** The middle of some values. @param {number[]} values */
export const median = (values) => spreadOf(values).median;

/** How many times as long a peer took, of all rounds: the median, the smallest and the largest. @param {number[]} values */
export const ratioOf = (values) => ({
  ratio: median(values),
  ratioRange: [Math.min(...values), Math.max(...values)],
});

/**
 * What a side's turns say, without warm-up.
 * @param {Side} side
 */
export function summary(side) {
  const turns = side.turns.filter(({ warmUp }) => !warmUp);
  return {
    secondsAStep: median(turns.map(({ seconds, steps }) => seconds / steps)),
    cpuSecondsAStep: median(turns.map(({ cpuSeconds, steps }) => cpuSeconds / steps)),
    peakMemory: side.turns.at(-1)?.peakMemory ?? null,
    rounds: turns.length,
    ...(side.turns.at(-1)?.replays === undefined ? {} : { replays: side.turns.at(-1).replays }),
    versions: side.versions,
  };
}

/**
 * How many times as long a peer took for the same steps, turn by turn.
 * @param {Side} ours @param {Side} peer
 */
export function ratios(ours, peer) {
  const pairs = peer.turns
    .map((theirs, turn) => ({ theirs, mine: ours.turns[turn] }))
    .filter(({ theirs }) => !theirs.warmUp);
  const wall = pairs.map(({ theirs, mine }) => theirs.seconds / mine.seconds);
  const cpu = pairs.map(({ theirs, mine }) => theirs.cpuSeconds / mine.cpuSeconds);
  return { ...ratioOf(wall), cpuRatio: median(cpu) };
}

/** Largest |a − b| / |b| over the steps that both did. @param {number[]} a @param {number[]} b */
export function largestRelative(a, b) {
  const steps = Math.min(a.length, b.length);
  let largest = 0;
  for (let k = 0; k < steps; k++) largest = Math.max(largest, Math.abs(a[k] - b[k]) / Math.abs(b[k]));
  return { steps, largest };
}
