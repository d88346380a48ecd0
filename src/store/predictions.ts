import { existsSync } from 'node:fs';
import { lines as linesIn, textPieces } from '../data/sources/text.js';
import { W2sError } from '../errors.js';
import { readText, writeAtomically } from './files.js';

/** One line of predictions.jsonl (DESIGN 3.2). */
export interface Prediction {
  id: string;
  split: string;
  group?: string;
  /** The true label or completion; absent where the step may not see it. */
  label?: number | string | readonly number[];
  /** One per class [K]. */
  logits?: readonly number[];
  /** The answer of a completion task. */
  text?: string;
  /** log p of the text under the model that wrote it; of drawn continuations. */
  logProbability?: number;
  /**
   * Whether the answer is right, where that is more than whether it equals the label; 0.5: a tie of two, which is
   * half of a right answer.
   */
  correct?: boolean | 0.5;
  /** How much the row counts in the loss of who learns from it; absent: 1. */
  weight?: number;
  /** The row is left out of what is learned from. Absent otherwise. */
  keep?: false;
}

/** How many lines are gathered for one write. */
const CHUNK = 1_000;

/** @throws ERR_NOT_FINITE with the id of a row whose logits are not finite; ERR_DISK, ERR_STORE */
export async function writePredictions(
  path: string,
  predictions: Iterable<Prediction> | AsyncIterable<Prediction>,
): Promise<void> {
  await writeAtomically(path, chunks(predictions));
}

async function* chunks(
  predictions: Iterable<Prediction> | AsyncIterable<Prediction>,
): AsyncGenerator<string> {
  let lines: string[] = [];
  for await (const prediction of predictions) {
    if (prediction.logits?.some((logit) => !Number.isFinite(logit))) {
      throw new W2sError(
        'ERR_NOT_FINITE',
        `Expected finite logits for example ${prediction.id} but received [${prediction.logits.join(', ')}]: not finite`,
        { hint: 'The weights have diverged. Try a lower learning rate: --lr 1e-5' },
      );
    }
    lines.push(JSON.stringify(prediction));
    if (lines.length < CHUNK) continue;
    yield `${lines.join('\n')}\n`;
    lines = [];
  }
  if (lines.length > 0) yield `${lines.join('\n')}\n`;
}

/** Null where there are none. @throws ERR_STORE for a broken file */
export async function readPredictions(path: string): Promise<Prediction[] | null> {
  const text = await readText(path);
  if (text === null) return null;
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines.map((line, i) => parsed(line, i + 1, path));
}

/** The same one after another, of which none is kept; nothing where there are none. @throws ERR_STORE for a broken file */
export async function* streamPredictions(path: string): AsyncGenerator<Prediction> {
  if (!existsSync(path)) return;
  for await (const { bytes, firstLine } of textPieces(path)) {
    for (const { number, start, end } of linesIn(bytes))
      yield parsed(bytes.toString('utf8', start, end), firstLine + number - 1, path);
  }
}

function parsed(line: string, number: number, path: string): Prediction {
  try {
    return JSON.parse(line) as Prediction;
  } catch (cause) {
    throw new W2sError(
      'ERR_STORE',
      `Expected a JSON object for line ${number} of ${path} but received another text`,
      {
        cause,
        hint: `Remove the step and run the same command again: rm -r ${path.replace(/[^/]*$/, '')}`,
      },
    );
  }
}
