/** What is computed on: texts as token lists, of given lengths or of real data. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { assetsFolder } from '../data/assets.js';
import {
  type DatasetRequest,
  encodeExamples,
  loadSplit,
  openTokenizer,
  resolveDataset,
  stream,
} from '../data/index.js';
import { W2sError } from '../errors.js';
import { wholeFile } from '../experiments/splits.js';
import type { PackedSequences } from '../native/binding.js';

/** Lengths of the sequences of one example, such as the answers of a question, and what all of them begin with. */
export interface ExampleLengths {
  /** Tokens that all of them begin with. */
  shared: number;
  lengths: readonly number[];
}

/** One sequence of tokens; targets of the language model begin at `start`. */
interface Sequence {
  tokens: Int32Array;
  start: number;
}

/** Examples in order, each of one sequence or of several that begin alike. */
export interface Workload {
  name: string;
  examples: readonly (readonly Sequence[])[];
  /** Sequences that lost their beginning, to fit the context. */
  truncated: number;
}

/** Named lists, by their places in assets/bench/sciq-lengths.json. */
const LISTS: Readonly<Record<string, 'short' | 'long'>> = {
  short: 'short',
  long: 'long',
  'sciq-short': 'short',
  'sciq-long': 'long',
};

/**
 * Reads `short`, `long` (SciQ through GPT-2's tokenizer, four answers a question), counts between commas, or the name
 * of a file with counts (JSON, or between blanks, commas and ends of lines). Throws ERR_USAGE.
 */
export async function readLengths(asked: string): Promise<ExampleLengths[]> {
  const list = LISTS[asked];
  if (list !== undefined) return sciqLengths(list);
  if (/^\d+(,\d+)*$/.test(asked)) return asked.split(',').map((text) => single(Number(text), asked));
  let content: string;
  try {
    content = await readFile(asked, 'utf8');
  } catch (cause) {
    throw new W2sError(
      'ERR_USAGE',
      `Expected short, long, token counts between commas or a file of them for --lengths but received ${JSON.stringify(asked)}.`,
      { hint: 'Try: --lengths short, or --lengths 1024', cause },
    );
  }
  const words = content.split(/[\s,[\]]+/).filter((word) => word !== '');
  if (words.length === 0) throw badCount('nothing', asked);
  return words.map((word) => single(/^\d+$/.test(word) ? Number(word) : Number.NaN, asked, word));
}

function single(length: number, asked: string, word = String(length)): ExampleLengths {
  if (!(length >= 1 && length <= 1 << 20)) throw badCount(word, asked);
  return { shared: 0, lengths: [length] };
}

function badCount(word: string, asked: string): W2sError {
  return new W2sError(
    'ERR_USAGE',
    `Expected token counts of at least 1 for --lengths ${asked} but received ${word}.`,
    { hint: 'Try: --lengths 64,128,256' },
  );
}

async function sciqLengths(list: 'short' | 'long'): Promise<ExampleLengths[]> {
  const file = join(assetsFolder(), 'bench', 'sciq-lengths.json');
  const document = JSON.parse(await readFile(file, 'utf8')) as Record<'short' | 'long', number[][]>;
  return document[list].map(([shared = 0, ...lengths]) => ({ shared, lengths }));
}

/** What a model can read, and for how many examples the list is gone through again. */
interface SyntheticOptions {
  vocabularySize: number;
  contextLength: number;
  /** At least so many, each with tokens of its own: texts that are the same would be computed once. */
  atLeast: number;
}

/** Seeded random tokens of these lengths; what is longer than the context loses its beginning, like a text. */
export function syntheticWorkload(
  name: string,
  list: readonly ExampleLengths[],
  { vocabularySize, contextLength, atLeast }: SyntheticOptions,
): Workload {
  let truncated = 0;
  const rounds = Math.ceil(atLeast / list.length);
  const examples = Array.from({ length: rounds }, () => list).flat();
  const drawn = examples.map(({ shared, lengths }, e) => {
    const cut = Math.max(0, Math.max(...lengths) - contextLength);
    const kept = Math.max(0, shared - cut);
    const beginning = randomTokens(kept, vocabularySize, e, 'beginning');
    return lengths.map((asked, s): Sequence => {
      const length = Math.max(1, asked - cut);
      if (cut > 0) truncated++;
      const tokens = new Int32Array(length);
      const common = Math.min(kept, length);
      tokens.set(beginning.subarray(0, common));
      tokens.set(randomTokens(length - common, vocabularySize, e, s), common);
      return { tokens, start: Math.max(1, Math.min(common, length - 1)) };
    });
  });
  return { name, examples: drawn, truncated };
}

function randomTokens(length: number, vocabularySize: number, ...parts: (string | number)[]): Int32Array {
  const random = stream(0, 'bench-tokens', ...parts);
  return Int32Array.from({ length }, () => random.below(vocabularySize));
}

/** Rows of data that are read at most. */
const MOST_ROWS = 2048;

/** Real rows through the tokenizer of a model's folder. Throws what reading data and tokenizers throws. */
export async function dataWorkload(
  request: DatasetRequest,
  folder: string,
  contextLength: number,
): Promise<Workload> {
  const dataset = await resolveDataset(request);
  const spec = wholeFile(dataset.spec, 'train', 0);
  const { rows, file } = await loadSplit(spec, dataset.task, dataset.locations, { labels: true });
  const tokenizer = await openTokenizer(folder);
  try {
    const encoded = await encodeExamples(tokenizer, rows.slice(0, MOST_ROWS), {
      contextLength,
      task: dataset.task,
      file,
    });
    return {
      name: dataset.name,
      examples: sequencesOf(encoded.sequences, dataset.task === 'preference' ? 2 : 1),
      truncated: encoded.truncated,
    };
  } finally {
    await tokenizer.dispose();
  }
}

/** Every `size` sequences are one example. */
function sequencesOf({ tokens, offsets, targetStarts }: PackedSequences, size: number): Sequence[][] {
  return Array.from({ length: (offsets.length - 1) / size }, (_, e) =>
    Array.from({ length: size }, (_, s) => {
      const i = e * size + s;
      return { tokens: tokens.subarray(offsets[i], offsets[i + 1]), start: targetStarts?.[i] ?? 1 };
    }),
  );
}

/** What the targets of a language model are: every token but the first, or those behind what sequences share. */
export type TargetKind = 'all' | 'answers';

/** Optimizer batch number `k`: of each example one sequence, another one each time round. */
export function trainingBatch(
  workload: Workload,
  k: number,
  size: number,
  targets: TargetKind,
): PackedSequences {
  const { examples } = workload;
  const chosen = Array.from({ length: size }, (_, i) => {
    const at = k * size + i;
    const example = examples[at % examples.length] ?? [];
    return example[(at + Math.floor(at / examples.length)) % example.length];
  });
  return pack(chosen, targets);
}

/** Examples `k · size` and on, all sequences of each, one after the other. */
export function scoringBatch(
  workload: Workload,
  k: number,
  size: number,
  targets: TargetKind,
): PackedSequences {
  const { examples } = workload;
  const chosen = Array.from({ length: size }, (_, i) => examples[(k * size + i) % examples.length] ?? []);
  return pack(chosen.flat(), targets);
}

function pack(sequences: readonly (Sequence | undefined)[], targets: TargetKind): PackedSequences {
  const there = sequences.filter((sequence) => sequence !== undefined);
  const offsets = new Int32Array(there.length + 1);
  for (const [i, { tokens }] of there.entries()) offsets[i + 1] = (offsets[i] ?? 0) + tokens.length;
  const tokens = new Int32Array(offsets.at(-1) ?? 0);
  for (const [i, sequence] of there.entries()) tokens.set(sequence.tokens, offsets[i]);
  if (targets === 'all') return { tokens, offsets };
  return { tokens, offsets, targetStarts: Int32Array.from(there, ({ start }) => start) };
}

/** Lengths of packed sequences. */
export function lengthsOf({ offsets }: PackedSequences): number[] {
  return Array.from({ length: offsets.length - 1 }, (_, i) => (offsets[i + 1] ?? 0) - (offsets[i] ?? 0));
}

/** T: target tokens of packed sequences. */
export function countTargets(sequences: PackedSequences): number {
  const { targetStarts } = sequences;
  return lengthsOf(sequences).reduce((sum, length, i) => sum + length - (targetStarts?.[i] ?? 1), 0);
}
