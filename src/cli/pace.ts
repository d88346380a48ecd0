/** How long a phase, and a whole run, will still take. What cannot be known is null: no number is better than a wrong one. */

interface Sample {
  at: number;
  done: number;
}

const WINDOW_MS = 30_000;
const SAMPLE_MS = 250;
/** Before that the first steps, which are slower, would speak for all. */
const FIRST_WORD_MS = 1_000;

/** The speed of one phase over the last half minute: a machine that others use too changes its pace. */
export class Pace {
  private samples: Sample[] = [];

  /** @param done of `total`; a phase that goes on from a checkpoint does not begin at 0 */
  note(at: number, done: number): void {
    const last = this.samples.at(-1);
    if (last !== undefined && (done < last.done || at < last.at)) this.samples = [];
    else if (last !== undefined && this.samples.length > 1 && at - last.at < SAMPLE_MS) this.samples.pop();
    this.samples.push({ at, done });
    // One sample from before the window stays: of slow steps there are few in half a minute.
    while (this.samples.length > 2 && at - (this.samples[1]?.at ?? at) >= WINDOW_MS) this.samples.shift();
  }

  /** Milliseconds until `total`; null before there is anything to tell it from. */
  left(total: number): number | null {
    const [first, last] = [this.samples[0], this.samples.at(-1)];
    if (first === undefined || last === undefined) return null;
    if (last.done <= first.done || last.at - first.at < FIRST_WORD_MS) return null;
    return ((last.at - first.at) / (last.done - first.done)) * Math.max(0, total - last.done);
  }
}

/** A step that is still to be done. */
export interface PlannedStep {
  role: string;
  seed: number;
}

/** Roles that cost about the same: the same model on as many examples. */
const ALIKE: readonly (readonly string[])[] = [
  ['student', 'ceiling'],
  ['studentTest', 'ceilingTest', 'zeroShot'],
];

/**
 * How long the rest of a run takes: every step that remains, by what one of its kind took in this run. As
 * long as nothing of a kind has been seen there is no answer.
 */
export class RunClock {
  private readonly costs = new Map<string, number>();
  private readonly remaining: PlannedStep[];
  private startedAt = 0;

  constructor(steps: readonly PlannedStep[]) {
    this.remaining = [...steps];
  }

  start(at: number): void {
    this.startedAt = at;
  }

  done(step: PlannedStep, at: number): void {
    this.costs.set(step.role, at - this.startedAt);
    this.drop(step);
  }

  /** A step that turned out to be in the store. */
  drop({ role, seed }: PlannedStep): void {
    const at = this.remaining.findIndex((one) => one.role === role && one.seed === seed);
    if (at !== -1) this.remaining.splice(at, 1);
  }

  /**
   * Milliseconds that the steps after this one will take; null where one of them is unknown.
   *
   * @param left what this one will still take
   */
  after(step: PlannedStep, at: number, left: number): number | null {
    const costs = new Map(this.costs).set(step.role, at - this.startedAt + left);
    let sum = 0;
    for (const { role, seed } of this.remaining) {
      if (role === step.role && seed === step.seed) continue;
      const cost = costOf(role, costs);
      if (cost === null) return null;
      sum += cost;
    }
    return sum;
  }
}

function costOf(role: string, costs: ReadonlyMap<string, number>): number | null {
  if (role === 'labelsGrade') return 0;
  const own = costs.get(role);
  if (own !== undefined) return own;
  const kin = ALIKE.find((roles) => roles.includes(role))?.find((one) => costs.has(one));
  if (kin !== undefined) return costs.get(kin) ?? null;
  return ALIKE[1]?.includes(role) ? testCost(costs) : null;
}

/** Before the strong model was ever tested: as much of its training as the test was of the weak one's. */
function testCost(costs: ReadonlyMap<string, number>): number | null {
  const [weak, weakTest, strong] = ['weak', 'weakTest', 'student'].map((role) => costs.get(role));
  if (weak === undefined || weakTest === undefined || strong === undefined || weak <= 0) return null;
  return (strong * weakTest) / weak;
}
