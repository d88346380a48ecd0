import { W2sError } from '../errors.js';
import type { PackedSequences } from '../native/binding.js';
import { displayPath, placeText, unitOf } from './badRow.js';
import { completionFields } from './preference.js';
import { breathe, SLICE_MS } from './sources/source.js';
import type { Tokenizer } from './tokenizer.js';
import type { EncodedTexts, EndToken } from './tokenizeWorker.js';
import type { Example, TaskKind } from './types.js';

/**
 * From examples to packed sequences (DESIGN 3.3, 3.5): nothing is appended to a classification text; prompt
 * (with special tokens) and completion (without) are tokenised apart and joined; what is too long loses its
 * left, but for a leading special token, and of prompt and completion only the prompt is cut. A preference
 * gives two sequences, one for each completion, and a prompt that is too long for one is cut alike for both.
 */
export interface EncodeOptions {
  /** Most tokens a sequence may have. */
  contextLength: number;
  task: TaskKind;
  /** Where the examples come from, for messages. */
  file?: string;
  /**
   * `learned`: completions that are learned from. When any of them has another number of tokens than one, each gets
   * the token that ends a text behind it, by which a model learns to stop. Without it nothing is appended.
   */
  ends?: 'learned';
  /** Tokens to be written behind each prompt: room is kept for them, and completions are left out. */
  answerRoom?: number;
  /** Of rows that come window by window: what those before had. The share of unknown tokens is that of all of them. */
  tally?: TokenTally;
}

/** Tokens so far. */
export interface TokenTally {
  unknown: number;
  all: number;
}

export interface EncodedExamples {
  sequences: PackedSequences;
  /** Examples whose text was cut to the context. */
  truncated: number;
  /** Unknown tokens among all. */
  unknownShare: number;
}

/** Above this, a tokenizer is taken not to know the language of the data. */
const LARGEST_UNKNOWN_SHARE = 0.2;

/**
 * Tokenises examples. A prompt without completion gets one placeholder token as its target, so that the
 * likeliest next token can be read off; causal models never see it. `targetStarts` is present when there are
 * prompts.
 * Throws ERR_DATA (row and field) on a completion longer than the context or a text without tokens, and
 * ERR_TOKENIZER when more than 20 % of the tokens are unknown.
 */
export async function encodeExamples(
  tokenizer: Tokenizer,
  rows: readonly Example[],
  options: EncodeOptions,
): Promise<EncodedExamples> {
  const paired = options.task === 'preference' && rows.every((row) => row.completions?.length === 2);
  const items = paired ? rows.flatMap(bothSides) : rows;
  const heads = await tokenizer.encode(
    items.map((row) => row.text ?? row.prompt ?? ''),
    { special: true },
  );
  const withPrompts = rows.some((row) => row.prompt !== undefined);
  const tails =
    withPrompts && options.answerRoom === undefined
      ? withEnds(tokenizer, items, options, await encodeCompletions(tokenizer, items))
      : undefined;
  const tally = options.tally ?? { unknown: 0, all: 0 };
  count(tally, tokenizer.unknownId, [heads, tails]);
  const unknownShare = tally.all === 0 ? 0 : tally.unknown / tally.all;
  if (unknownShare > LARGEST_UNKNOWN_SHARE) throw mostlyUnknown(unknownShare, rows, options);
  const packer = new Packer(tokenizer, options, { heads, tails, paired });
  let sliceEnds = performance.now() + SLICE_MS;
  for (const [i, row] of items.entries()) {
    packer.add(i, row);
    if (performance.now() < sliceEnds) continue;
    await breathe();
    sliceEnds = performance.now() + SLICE_MS;
  }
  return { sequences: packer.packed(), truncated: packer.truncated, unknownShare };
}

function encodeCompletions(tokenizer: Tokenizer, rows: readonly Example[]): Promise<EncodedTexts> {
  return tokenizer.encode(
    rows.map((row) => row.completions?.[0] ?? ''),
    { special: false },
  );
}

/** Completions with the token that ends a text behind each, unless all of them are of one token. */
function withEnds(
  tokenizer: Tokenizer,
  rows: readonly Example[],
  { ends }: EncodeOptions,
  tails: EncodedTexts,
): EncodedTexts {
  const { ids, offsets } = tails;
  const count = offsets.length - 1;
  const ofOneToken = ids.length === count && offsets.every((offset, i) => offset === i);
  if (ends === undefined || ofOneToken || rows.some((row) => row.completions === undefined)) return tails;
  const { id } = endOf(tokenizer);
  const longer = new Int32Array(ids.length + count);
  for (let i = 0; i < count; i++) {
    longer.set(slice(tails, i), (offsets[i] ?? 0) + i);
    longer[(offsets[i + 1] ?? 0) + i] = id;
  }
  return { ids: longer, offsets: offsets.map((offset, i) => offset + i) };
}

/** The token that ends a text. Throws ERR_TOKENIZER where there is none. */
function endOf({ end }: Tokenizer): EndToken {
  if (end !== null) return end;
  throw new W2sError(
    'ERR_TOKENIZER',
    'Expected a token that ends a text, for completions of several tokens, but the tokenizer names neither eos_token nor bos_token.',
    { hint: 'Name one in the model folder\'s tokenizer_config.json: "eos_token": "</s>"' },
  );
}

/** The two sequences of a preference as rows of one completion each. */
function bothSides(row: Example): Example[] {
  return (row.completions ?? []).map((completion) => ({ ...row, completions: [completion] }));
}

interface Pieces {
  heads: EncodedTexts;
  tails: EncodedTexts | undefined;
  /** Every two sequences belong to one example. */
  paired: boolean;
}

class Packer {
  truncated = 0;
  private readonly tokens: Int32Array;
  private readonly offsets: Int32Array;
  private readonly starts: Int32Array;
  private filled = 0;

  constructor(
    private readonly tokenizer: Tokenizer,
    private readonly options: EncodeOptions,
    private readonly pieces: Pieces,
  ) {
    const { heads, tails } = pieces;
    const count = heads.offsets.length - 1;
    // One placeholder at most for each sequence.
    this.tokens = new Int32Array(heads.ids.length + (tails ? tails.ids.length + count : 0));
    this.offsets = new Int32Array(count + 1);
    this.starts = new Int32Array(count);
  }

  add(i: number, row: Example): void {
    const { heads, tails, paired } = this.pieces;
    const head = slice(heads, i);
    const placeholder = tails !== undefined && row.completions === undefined;
    const tail = placeholder ? PLACEHOLDER : tails ? slice(tails, i) : NOTHING;
    this.check(row, head, tail, i);
    const longest = paired && tails ? Math.max(tail.length, slice(tails, i ^ 1).length) : tail.length;
    const room = this.options.contextLength - (this.options.answerRoom ?? longest);
    // Both sequences of a pair have the same prompt: it counts once.
    if (head.length > room && !(paired && i % 2 === 1)) this.truncated++;
    const kept = this.cut(head, room);
    this.tokens.set(kept, this.filled);
    this.tokens.set(tail, this.filled + kept.length);
    this.starts[i] = kept.length;
    this.filled += kept.length + tail.length;
    this.offsets[i + 1] = this.filled;
  }

  packed(): PackedSequences {
    const sequences = { tokens: this.tokens.slice(0, this.filled), offsets: this.offsets };
    return this.pieces.tails ? { ...sequences, targetStarts: this.starts } : sequences;
  }

  private check(row: Example, head: Int32Array, tail: Int32Array, i: number): void {
    const field = this.pieces.paired ? (completionFields(row.id)[i % 2] ?? '') : 'completion';
    const headField = row.text === undefined ? 'prompt' : 'text';
    if (head.length === 0) throw this.bad(row, headField, 'at least one token', 'none');
    if (this.pieces.tails === undefined) return;
    if (tail.length === 0) throw this.bad(row, field, 'at least one token', 'none');
    if (tail.length >= this.options.contextLength) {
      const most = this.options.contextLength - 1;
      throw this.bad(row, field, `at most ${most} tokens (the context less one)`, `${tail.length}`);
    }
  }

  private cut(head: Int32Array, room: number): Int32Array {
    if (head.length <= room) return head;
    const leading = this.tokenizer.specialIds.has(head[0] ?? -1) && room > 1;
    if (!leading) return head.subarray(head.length - room);
    const kept = head.slice(head.length - room);
    kept[0] = head[0] ?? 0;
    return kept;
  }

  private bad(row: Example, field: string, expected: string, received: string): W2sError {
    const { file } = this.options;
    const place =
      file === undefined ? `row ${row.row}` : placeText({ file, unit: unitOf(file), row: row.row });
    return new W2sError(
      'ERR_DATA',
      `Expected ${expected} for field "${field}" in ${place} (id ${row.id}), but received ${received}.`,
      { hint: 'Mend the row, or take a model with a longer context: --max-context N' },
    );
  }
}

const NOTHING = new Int32Array(0);
const PLACEHOLDER = new Int32Array(1);

const slice = ({ ids, offsets }: EncodedTexts, i: number): Int32Array =>
  ids.subarray(offsets[i], offsets[i + 1]);

function count(
  tally: TokenTally,
  unknownId: number | null,
  parts: readonly (EncodedTexts | undefined)[],
): void {
  for (const part of parts) {
    if (part === undefined) continue;
    tally.all += part.ids.length;
    if (unknownId === null) continue;
    for (const id of part.ids) if (id === unknownId) tally.unknown++;
  }
}

function mostlyUnknown(share: number, rows: readonly Example[], options: EncodeOptions): W2sError {
  const file = options.file === undefined ? 'the data' : displayPath(options.file);
  const sample = (rows[0]?.text ?? rows[0]?.prompt ?? '').slice(0, 60);
  return new W2sError(
    'ERR_TOKENIZER',
    `Expected text that the model's tokenizer knows in ${file} but received ${Math.round(share * 100)} % unknown ` +
      `tokens (more than ${LARGEST_UNKNOWN_SHARE * 100} %); the text begins with ${JSON.stringify(sample)}.`,
    {
      hint: 'Take models that were trained on such text (the built-in ones know chess alone): --weak FOLDER --strong FOLDER',
    },
  );
}
