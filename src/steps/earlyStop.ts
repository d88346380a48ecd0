/**
 * Early stopping (Burns et al. 2023, section 5.1.1): rows that are held out are scored several times in training; the
 * weights of the earliest step that does best on them are kept beside, and are what the step leaves behind. Training
 * goes to its end all the same, so that the curve is known and the schedule does not depend on where it stops.
 */

import { copyFile, link, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isW2sError } from '../errors.js';
import type { EarlyStopSpec, FinetuneSpec } from '../experiments/plan.js';
import type { PackedSequences } from '../native/binding.js';
import { argmax, targetMatrix } from '../tasks/classification.js';
import { exactMatches } from '../tasks/completion.js';
import { isTie, rewardsOf } from '../tasks/preference.js';
import type { Machine } from './checkpoint.js';
import type { StepContext } from './context.js';
import { encodeFor, type OpenedModel } from './openModel.js';
import { classCount, labelledRows, lessonRows, type Rows } from './rows.js';
import { stepsPerEpoch, totalSteps } from './schedule.js';
import { scoreAll } from './score.js';

/** What the held-out rows said after `step` optimizer steps. */
export interface CurvePoint {
  step: number;
  /** Accuracy against the hardened labels of the kind learned from. */
  labels: number;
  /** Against the truth: of an oracle alone. */
  truth?: number;
}

/** What a checkpoint keeps beside the best weights so far. */
export interface EarlyStopState {
  curve: CurvePoint[];
}

/**
 * After how many optimizer steps the held-out rows are scored: `checks` times at equal distances, the end included,
 * and at the end of every epoch.
 */
export function checkedSteps(total: number, perEpoch: number, checks: number): Set<number> {
  const steps = new Set<number>();
  for (let i = 1; i <= checks; i++) steps.add(Math.ceil((i * total) / checks));
  for (let step = perEpoch; step <= total; step += perEpoch) steps.add(step);
  return steps;
}

/** The point whose weights are kept: of those with the highest accuracy the earliest. */
export function bestPoint(
  curve: readonly CurvePoint[],
  against: EarlyStopSpec['against'],
): CurvePoint | undefined {
  const value = (point: CurvePoint): number => (against === 'truth' ? (point.truth ?? 0) : point.labels);
  let best: CurvePoint | undefined;
  for (const point of curve) if (best === undefined || value(point) > value(best)) best = point;
  return best;
}

interface HeldOut {
  sequences: PackedSequences;
  /** Null where the answers are tokens. */
  targets: Float32Array | null;
  examples: number;
}

/** Folder of the best weights: of a step under way beside its checkpoint, of a checkpoint within it. */
const BEST = 'best';

export interface EarlyStopOptions {
  context: StepContext;
  spec: FinetuneSpec;
  hash: string;
  opened: OpenedModel;
  /** Examples that are trained on. */
  examples: number;
  machine: Pick<Machine, 'microBatchTokens' | 'sharePrefixes'>;
  /** Where a checkpoint lies, and what it keeps of this. */
  resumed: { folder: string; earlyStop?: EarlyStopState } | null;
}

export class EarlyStop {
  private readonly curve: CurvePoint[];
  private readonly folder: string;

  private constructor(
    private readonly options: EarlyStopOptions,
    private readonly stop: EarlyStopSpec,
    private readonly steps: ReadonlySet<number>,
    private readonly labels: HeldOut,
    private readonly truth: HeldOut | null,
  ) {
    this.curve = [...(options.resumed?.earlyStop?.curve ?? [])];
    this.folder = join(options.context.store.stepFolder(options.hash), BEST);
  }

  /**
   * Reads the held-out rows; null where the spec holds none out. Their true labels are read by an oracle alone, and
   * by a step that learns from the truth.
   */
  static async open(options: EarlyStopOptions): Promise<EarlyStop | null> {
    const { context, spec, opened, examples } = options;
    const { earlyStop: stop, optimisation, reading } = spec;
    if (!stop) return null;
    const heldOut = async (rows: Rows): Promise<HeldOut> => {
      const classes = classCount(reading);
      const ends = classes === 0 ? ({ ends: 'learned' } as const) : {};
      const { sequences } = await encodeFor(opened, reading, rows, ends);
      const labels = rows.rows.map((row) => row.label ?? []);
      return {
        sequences,
        targets: classes > 0 ? targetMatrix(labels, classes) : null,
        examples: rows.rows.length,
      };
    };
    const { data, against } = stop;
    const labels = await heldOut(await lessonRows(context, { data, labels: spec.labels }, reading.task));
    const truth = against === 'truth' ? await heldOut(await labelledRows(context, data, reading.task)) : null;
    const steps = checkedSteps(
      totalSteps(examples, optimisation),
      stepsPerEpoch(examples, optimisation.batchSize),
      stop.checks,
    );
    const own = new EarlyStop(options, stop, steps, labels, truth);
    await own.takeUp();
    return own;
  }

  /** The best weights of a checkpoint, or nothing: those of steps after it are of another run. */
  private async takeUp(): Promise<void> {
    const { resumed } = this.options;
    await rm(this.folder, { recursive: true, force: true });
    if (resumed && this.curve.length > 0) await linkFolder(join(resumed.folder, BEST), this.folder);
  }

  /**
   * Scores the held-out rows where that is due after `done` optimizer steps, and keeps the weights where they are the
   * best. False where an interrupt came in between: the same call, after the checkpoint was taken up, does it anew.
   */
  async check(done: number): Promise<boolean> {
    if (!this.steps.has(done) || this.curve.some(({ step }) => step === done)) return true;
    try {
      const point: CurvePoint = { step: done, labels: await this.accuracy(this.labels) };
      if (this.truth) point.truth = await this.accuracy(this.truth);
      this.curve.push(point);
    } catch (error) {
      if (isW2sError(error, 'ERR_ABORTED')) return false;
      throw error;
    }
    if (bestPoint(this.curve, this.stop.against)?.step === done) await this.keepWeights();
    return true;
  }

  private async keepWeights(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
    await mkdir(this.folder, { recursive: true });
    await this.options.opened.model.save(this.folder, 'f32');
  }

  private async accuracy({ sequences, targets, examples }: HeldOut): Promise<number> {
    const { context, opened, machine, spec } = this.options;
    const { microBatchTokens, sharePrefixes } = machine;
    const quiet: StepContext = { ...context, microBatchTokens, sharePrefixes, onProgress: () => {} };
    const paired = spec.reading.task === 'preference';
    const classes = classCount(spec.reading);
    let right = 0;
    await scoreAll(quiet, opened.engine, opened.model, sequences, (scored, portion, first) => {
      if (targets === null) {
        right += exactMatches(portion, scored).reduce((sum, match) => sum + match, 0);
        return;
      }
      const logits = paired ? rewardsOf(scored.logits, opened.model.info.outputs) : scored.logits;
      right += rightAnswers(logits, targets, { classes, first: paired ? first / 2 : first, paired });
    });
    return right / examples;
  }

  state(): EarlyStopState {
    return { curve: [...this.curve] };
  }

  /** Puts the best weights into a checkpoint's folder. */
  async saveInto(folder: string): Promise<void> {
    if (this.curve.length > 0) await linkFolder(this.folder, join(folder, BEST));
  }

  /** The best weights into a model's folder, as `NativeModel.save` wrote them. */
  async restoreInto(folder: string): Promise<void> {
    await copyFolder(this.folder, folder);
  }

  async clear(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }

  /** For result.json. */
  result(): { step: number; against: EarlyStopSpec['against']; curve: readonly CurvePoint[] } {
    const { against } = this.stop;
    return { step: bestPoint(this.curve, against)?.step ?? 0, against, curve: this.curve };
  }
}

/**
 * How many rows are answered as their hardened targets say; a tie of two rewards counts half.
 * @param logits of rows from `first` on [B · K]
 */
export function rightAnswers(
  logits: Float32Array,
  targets: Float32Array,
  { classes, first, paired }: { classes: number; first: number; paired: boolean },
): number {
  let right = 0;
  for (let row = 0; row * classes < logits.length; row++) {
    const own = row * classes;
    if (paired && isTie([...logits.subarray(own, own + classes)])) right += 0.5;
    else if (argmax(logits, own, classes) === argmax(targets, (first + row) * classes, classes)) right++;
  }
  return right;
}

/** The same files under a second name: none of them is ever written to again. */
async function linkFolder(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  for (const name of await readdir(from)) {
    const [source, target] = [join(from, name), join(to, name)];
    await link(source, target).catch(() => copyFile(source, target));
  }
}

async function copyFolder(from: string, to: string): Promise<void> {
  for (const name of await readdir(from)) await copyFile(join(from, name), join(to, name));
}
