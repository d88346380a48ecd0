/** Shows a run's events as phases on stderr: one live line at a time, and a line for each that is over. */
import { displayPath } from '../data/badRow.js';
import type { RunEvent } from '../execution/events.js';
import { visible } from '../report/charts/text.js';
import type { CommandContext } from './command.js';
import type { Part } from './fit.js';
import { duration, lossText, percent, plural } from './measures.js';
import { RunClock } from './pace.js';
import { Progress } from './progress.js';

/** The phase that each role belongs to, and what it does there beside what the phase is named for. */
const PHASES: Readonly<Record<string, readonly [phase: string, activity?: string]>> = {
  weak: ['weak'],
  weakTest: ['weak', 'testing'],
  labels: ['labels'],
  labelsGrade: ['labels', 'grading'],
  zeroShotLabels: ['labels'],
  mirroredLabels: ['labels'],
  siblingLabels: ['labels'],
  consistentLabels: ['labels', 'comparing'],
  mutualLabels: ['labels', 'searching'],
  relabelled: ['labels', 'relabelling'],
  filteredLabels: ['labels', 'filtering'],
  beforeGrade: ['labels', 'grading'],
  transferFeatures: ['hidden states'],
  weakTestLabels: ['weak', 'combining'],
  student: ['student'],
  studentTest: ['student', 'testing'],
  ceiling: ['ceiling'],
  ceilingTest: ['ceiling', 'testing'],
  zeroShot: ['zero-shot'],
  generative: ['completions'],
  tunedStudent: ['tuned student'],
  tunedStudentTest: ['tuned student', 'testing'],
  tunedCeiling: ['tuned ceiling'],
  tunedCeilingTest: ['tuned ceiling', 'testing'],
  candidates: ['policy', 'writing'],
  weakRank: ['weak chooses'],
  studentRank: ['student chooses'],
  ceilingRank: ['ceiling chooses'],
  finetune: ['training'],
  label: ['labelling'],
  generate: ['writing'],
  evaluate: ['scoring'],
};

/** What is known of a phase that is under way. */
interface Phase {
  name: string;
  seed: number;
  /** A step of it began and has not ended. */
  isOpen: boolean;
  milliseconds: number;
  /** Examples that were trained on, labelled or scored. */
  examples?: number;
  loss?: number;
  /** On test items, or of the labels against the truth. */
  accuracy?: number;
  truncated: number;
}

type EventOf<T extends RunEvent['type']> = Extract<RunEvent, { type: T }>;

export interface Watch {
  onEvent(event: RunEvent): void;
  /** Ends what is shown, and leaves the cursor on a fresh line. */
  close(): void;
}

/** A listener for one run. Where there are several seeds, it says which of them is under way. */
export function watchRun({ stderr, env }: CommandContext, seeds: readonly number[] = []): Watch {
  const watcher = new Watcher(new Progress(stderr, { env }), seeds);
  return { onEvent: (event) => watcher.on(event), close: () => watcher.close() };
}

class Watcher {
  private phase: Phase | null = null;
  private clock = new RunClock([]);
  /** Phases that came from the store as a whole, of one seed, and not told yet. */
  private stored: { seed: number; names: string[] } = { seed: 0, names: [] };
  /** The engine is loaded in the first phase, and may have things to say: the live line waits for that. */
  private isReady = false;
  private waiting: EventOf<'step-start'> | null = null;
  private seedShown: number | null = null;

  constructor(
    private readonly progress: Progress,
    private readonly seeds: readonly number[],
  ) {}

  on(event: RunEvent): void {
    if (event.type === 'plan') this.plan(event);
    else if (event.type === 'data') this.progress.note(skippedNote(event));
    else if (event.type === 'few-rows') this.progress.note(fewRowsNote(event));
    else if (event.type === 'device') this.device(event);
    else if (event.type === 'note') this.progress.note(noteText(event));
    else if (event.type === 'step-cached') this.cached(event);
    else if (event.type === 'step-wait') this.progress.note(this.waitNote(event));
    else if (event.type === 'step-start') this.start(event);
    else if (event.type === 'progress') this.update(event);
    else if (event.type === 'step-done') this.done(event);
  }

  close(): void {
    this.tellStored();
    if (this.phase?.isOpen === false) this.settle();
    this.progress.close();
  }

  private plan({ steps, cached, todo }: EventOf<'plan'>): void {
    this.clock = new RunClock(todo);
    if (cached < steps) return;
    this.progress.note(steps === 1 ? 'taken from the store' : `all ${steps} steps come from the store`);
  }

  private device({ device, why, threads }: EventOf<'device'>): void {
    this.progress.note(`device ${device} (${why}), ${plural(threads, 'thread')}`);
    this.ready();
  }

  private cached({ role, seed }: EventOf<'step-cached'>): void {
    const name = phaseOf(role);
    this.clock.drop({ role, seed });
    if (this.phase !== null && this.isCurrent(name, seed)) return;
    this.settle();
    if (this.stored.seed !== seed) this.tellStored();
    this.stored.seed = seed;
    if (!this.stored.names.includes(name)) this.stored.names.push(name);
  }

  private start(event: EventOf<'step-start'>): void {
    const { role, seed } = event;
    const name = phaseOf(role);
    // A phase of which some is in the store is told by what remains of it.
    this.stored.names = this.stored.names.filter((stored) => stored !== name || this.stored.seed !== seed);
    if (!this.isCurrent(name, seed)) {
      this.settle();
      this.tellStored();
      this.phase = { name, seed, isOpen: true, milliseconds: 0, truncated: 0 };
    }
    if (this.phase) this.phase.isOpen = true;
    this.clock.start(this.progress.now());
    // Grading takes no time: nothing is shown of it but what comes of it.
    if (event.kind === 'grade') return;
    this.waiting = event;
    if (this.isReady) this.ready();
  }

  private ready(): void {
    this.isReady = true;
    const event = this.waiting;
    this.waiting = null;
    if (event === null) return;
    this.announceSeed(event.seed);
    const [name, activity] = phaseAt(event.role);
    this.progress.start(this.named(name, event.seed), activity);
  }

  private update(event: EventOf<'progress'>): void {
    this.ready();
    if (this.phase && event.loss !== undefined) this.phase.loss = event.loss;
    this.progress.update(event, (left) => this.clock.after(event, this.progress.now(), left));
  }

  private done(event: EventOf<'step-done'>): void {
    this.clock.done(event, this.progress.now());
    const { phase } = this;
    if (phase === null) return;
    phase.isOpen = false;
    phase.milliseconds += event.seconds * 1000;
    phase.truncated += event.truncated;
    // Held-out rows weigh the members of an ensemble; their accuracy is not that on the test items.
    const isHeldOut = /HeldOut\d*$/.test(event.role);
    if (event.accuracy !== null && !isHeldOut) phase.accuracy = event.accuracy;
    // How many were trained on goes before how many were tested on.
    if (!/Test(?:Features)?(?: |$)/.test(event.role)) phase.examples ??= event.n;
  }

  /** The line of a phase that is over. */
  private settle(): void {
    const { phase } = this;
    this.phase = null;
    if (phase === null) return;
    this.announceSeed(phase.seed);
    const words = wordsOf(phase);
    if (words.length > 0) this.progress.done(this.named(phase.name, phase.seed), words);
    else this.progress.clear();
  }

  private tellStored(): void {
    const { seed, names } = this.stored;
    this.stored = { seed, names: [] };
    if (names.length === 0) return;
    this.announceSeed(seed);
    this.progress.done(this.named(names.join(', '), seed), [{ text: 'from the store', rank: 0 }]);
  }

  private isCurrent(name: string, seed: number): boolean {
    return this.phase?.name === name && this.phase.seed === seed;
  }

  /** On a terminal the seed stands above its phases; plain lines, which may be read alone, each name it. */
  private announceSeed(seed: number): void {
    if (!this.progress.live || this.seeds.length < 2 || this.seedShown === seed) return;
    this.seedShown = seed;
    this.progress.note(this.seedText(seed));
  }

  private named(name: string, seed: number): string {
    return this.progress.live || this.seeds.length < 2 ? name : `${this.seedText(seed)}, ${name}`;
  }

  private waitNote({ role, seed, pid, host }: EventOf<'step-wait'>): string {
    const [name, activity] = phaseAt(role);
    const title = this.named(activity === undefined ? name : `${name}, ${activity}`, seed);
    return `${title}: process ${pid} on ${host} does it; waiting`;
  }

  private seedText(seed: number): string {
    return `seed ${seed} (${this.seeds.indexOf(seed) + 1} of ${this.seeds.length})`;
  }
}

/** Of an ensemble's members, and of roles that an experiment makes up, such as `M2Test` or `directLabelsGrade`, by what they end in. */
function phaseAt(role: string): readonly [phase: string, activity?: string] {
  const known = PHASES[role];
  if (known) return known;
  const [, member, number] = /^(weak|weakTest|weakHeldOut|labels)(\d+)$/.exec(role) ?? [];
  if (member === 'labels') return ['labels'];
  if (/^labels\d+Grade$/.test(role)) return ['labels', 'grading'];
  if (member !== undefined) {
    const phase = number === '1' ? 'weak' : `weak ${number}`;
    return member === 'weak' ? [phase] : [phase, 'testing'];
  }
  // Arms of an analysis: `studentTest random` is a phase of `student random`.
  const [, part, arm] = /^(\S+) (.+)$/.exec(role) ?? [];
  if (part !== undefined) {
    const [phase, activity] = phaseAt(part);
    const named = `${phase} ${arm}`;
    return activity === undefined ? [named] : [named, activity];
  }
  const [, reader] = /^(.+?)(?:Test)?Features$/.exec(role) ?? [];
  if (reader !== undefined) return [phaseAt(reader)[0], 'hidden states'];
  const [, whose, ending = ''] = /^(.+?)(Test|LabelsGrade|Labels)$/.exec(role) ?? [];
  if (whose === undefined) return [role];
  if (ending === 'Test') return [whose, 'testing'];
  return ending === 'Labels' ? [`${whose} labels`] : [`${whose} labels`, 'grading'];
}

const phaseOf = (role: string): string => phaseAt(role)[0];

/** What matters of a phase that is over, the most telling kept longest. */
function wordsOf({ name, milliseconds, examples, loss, accuracy, truncated }: Phase): Part[] {
  const words: Part[] = [];
  if (milliseconds > 0) words.push({ text: duration(milliseconds), rank: 1 });
  if (examples !== undefined) words.push({ text: plural(examples, 'example'), rank: 3 });
  if (loss !== undefined) words.push({ text: `final loss ${lossText(loss)}`, rank: 2 });
  // Of labels that are all left out no share is right.
  if (accuracy !== undefined && !Number.isNaN(accuracy)) {
    const text = /^(?:\S+ )?labels\b/.test(name)
      ? `${percent(accuracy)} of them right`
      : `test accuracy ${percent(accuracy)}`;
    words.push({ text, rank: 0 });
  }
  if (truncated > 0) {
    words.push({ text: `${truncated.toLocaleString('en-US')} cut to the context`, rank: 4 });
  }
  return words;
}

function skippedNote({ file, skipped, firstProblem }: EventOf<'data'>): string {
  return visible(`${displayPath(file)}: ${plural(skipped, 'bad row')} left out, the first: ${firstProblem}`);
}

function noteText({ level, message, hint }: EventOf<'note'>): string {
  const text = level === 'warning' ? `Warning: ${message}` : message;
  return hint === undefined ? text : `${text}\n  ${hint}`;
}

function fewRowsNote({ part, asked, found }: EventOf<'few-rows'>): string {
  const shares = part === 'chain' ? 'its share' : 'half';
  const whose = part === 'test' ? '--test-size asks for' : `${shares} of --train-size comes to`;
  return (
    `${part} part: ${plural(found, 'row')}, fewer than the ${asked.toLocaleString('en-US')} that ${whose} ` +
    '(groups are kept whole, classes balanced)'
  );
}
