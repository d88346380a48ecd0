/** What a run tells while it goes on; the command line turns it into lines, a call from Node may ignore it. */

import type { FileRole, TooFew } from '../data/types.js';
import type { StepHash, StepSpec } from '../experiments/plan.js';
import type { StepNote, StepProgress } from '../steps/context.js';

/** The step that an event is about. */
export interface StepEvent {
  /** Such as `weak`, `labels`, `student`, `ceiling`, `weakTest`. */
  role: string;
  seed: number;
  hash: StepHash;
  kind: StepSpec['kind'];
}

/** One thing that a run tells; `type` says which. */
export type RunEvent =
  /** `todo`: the steps that the store lacks, in the order in which they will be done. */
  | { type: 'plan'; steps: number; cached: number; todo: readonly StepEvent[] }
  /** Rows of a file that were left out, as `skipBadRows` asks for. */
  | { type: 'data'; file: string; role: FileRole; skipped: number; firstProblem: string }
  /** A part has fewer rows than were asked for: groups stay whole, and classes are balanced. */
  | ({ type: 'few-rows' } & TooFew)
  | { type: 'device'; device: string; why: string; threads: number }
  /** What went otherwise than was asked for, and what was chosen. */
  | ({ type: 'note' } & StepNote & StepEvent)
  | ({ type: 'step-cached' } & StepEvent)
  | ({ type: 'step-start' } & StepEvent)
  /** Another process does this step; this one waits for it. */
  | ({ type: 'step-wait'; pid: number; host: string } & StepEvent)
  | ({ type: 'progress' } & StepEvent & StepProgress)
  | ({
      type: 'step-done';
      seconds: number;
      n: number;
      accuracy: number | null;
      truncated: number;
    } & StepEvent)
  | { type: 'run-written'; path: string };

/** Called in order, and never awaited. */
export type OnEvent = (event: RunEvent) => void;

/** What every run takes beside its configuration. */
export interface RunOptions {
  /** Aborted: a checkpoint is written after the current optimizer step, and the run rejects with ERR_ABORTED. */
  signal?: AbortSignal;
  /** Told of every step as it begins, goes on and ends. */
  onEvent?: OnEvent;
}
