/** Shows a run's events as phases on stderr. */
import type { RunEvent } from '../execution/events.js';
import type { CommandContext } from './command.js';
import { duration, Progress } from './progress.js';

/** What each role does, as a phase's title says it. */
const TITLES: Readonly<Record<string, string>> = {
  weak: 'weak supervisor',
  labels: 'weak labels',
  student: 'student',
  ceiling: 'ceiling',
  weakTest: 'weak supervisor, test',
  studentTest: 'student, test',
  ceilingTest: 'ceiling, test',
  labelsGrade: 'weak labels, graded',
  zeroShot: 'strong model before fine-tuning, test',
  finetune: 'fine-tuning',
  label: 'labelling',
  evaluate: 'evaluating',
};

export interface Watch {
  onEvent(event: RunEvent): void;
  /** Leaves the cursor on a fresh line. */
  close(): void;
}

/** A listener for one run. Where there are several seeds each phase names its own. */
export function watchRun({ stderr, env }: CommandContext, seeds: readonly number[] = []): Watch {
  const progress = new Progress(stderr, { env });
  const title = ({ role, seed }: { role: string; seed: number }): string => {
    const name = TITLES[role] ?? role;
    return seeds.length > 1 ? `seed ${seed}: ${name}` : name;
  };
  // The engine is loaded in the first phase, and may have things to say about it: the phase waits for that.
  let isReady = false;
  let waiting: string | undefined;
  const begin = (): void => {
    isReady = true;
    if (waiting !== undefined) progress.start(waiting);
    waiting = undefined;
  };
  return {
    onEvent(event) {
      switch (event.type) {
        case 'plan':
          if (event.cached > 0) progress.note(storeNote(event));
          return;
        case 'device':
          progress.note(`device ${event.device} (${event.why}), ${plural(event.threads, 'thread')}`);
          return begin();
        case 'step-start':
          // Grading takes no time: it is no phase.
          if (event.kind !== 'grade') waiting = title(event);
          return isReady ? begin() : undefined;
        case 'step-wait':
          return progress.note(`${title(event)}: process ${event.pid} on ${event.host} does it; waiting`);
        case 'progress':
          begin();
          return progress.update(event);
        case 'step-done':
          begin();
          return event.kind === 'grade' ? undefined : progress.done(doneWords(event));
        default:
      }
    },
    close: () => progress.close(),
  };
}

function storeNote({ steps, cached }: { steps: number; cached: number }): string {
  if (steps === 1) return 'taken from the store';
  return cached === steps
    ? `all ${steps} steps come from the store`
    : `${cached} of ${steps} steps come from the store`;
}

function doneWords(event: Extract<RunEvent, { type: 'step-done' }>): string[] {
  const words = [duration(event.seconds * 1000), plural(event.n, 'example')];
  if (event.accuracy !== null) words.push(`accuracy ${event.accuracy.toFixed(3)}`);
  if (event.truncated > 0) words.push(`${event.truncated} cut to the context`);
  return words;
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
