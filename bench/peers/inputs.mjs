// The token lists that both sides compute: SciQ through GPT-2's tokenizer, or where it is not, ids drawn by seed in lists
// of SciQ's lengths.
//
// Training rows are those of our own split: of each question its right answer and one distractor. Scoring rows are all
// four answers of a question, one after another. `short` is question and answer, `long` has the support in front.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readLengths, syntheticWorkload } from '../../dist/bench/workload.js';
import { loadSplit, openTokenizer, resolveDataset, stream } from '../../dist/data/index.js';
import { GPT2_SOURCE } from './gpt2.mjs';
import { fourAnswers } from './sciq.mjs';

/** Rows to train on (100 optimizer batches), and questions to score. */
const TRAIN_ROWS = 3200;
const QUESTIONS = 500;
/** The context of the shapes; a longer text loses its beginning. */
const CONTEXT = 1024;
/** GPT-2's ids. */
const VOCABULARY = 50_257;
const DRAWN =
  "drawn by seed, with the lengths of SciQ's first 512 questions (assets/bench/sciq-lengths.json)";
const DATASETS = { short: 'sciq', long: 'sciq-support' };

/**
 * @typedef {{ tokens: number[], offsets: number[], labels?: number[] }} Lists
 * @typedef {{ source: string, tokenizer: string, train: Record<string, Lists>, score: Record<string, Lists> }} Inputs
 */

/**
 * SciQ from a folder with train.json and test.json (as in https://allenai.org/data/sciq), through the tokenizer of
 * `tokenizerFolder`.
 * @param {string} data @param {string} tokenizerFolder @returns {Promise<Inputs>}
 */
export async function sciqInputs(data, tokenizerFolder) {
  const tokenizer = await openTokenizer(tokenizerFolder);
  const known = await tokenizer.encode(['Hello world, said the mesophilic organism.'], { special: false });
  const expected = [15496, 995, 11, 531, 262, 18842, 2522, 41896, 26433, 13];
  if (`${[...known.ids]}` !== `${expected}`) {
    throw new Error(`Expected GPT-2's ids ${expected} for a known sentence but received ${[...known.ids]}.`);
  }
  const inputs = { source: 'SciQ', tokenizer: `GPT-2 (${GPT2_SOURCE})`, train: {}, score: {} };
  for (const [name, dataset] of Object.entries(DATASETS)) {
    const { texts, labels } = await trainingRows(data, dataset);
    inputs.train[name] = { ...lists(await tokenizer.encode(texts, { special: false })), labels };
    const answers = await scoringTexts(join(data, 'test.json'), name === 'long');
    inputs.score[name] = lists(await tokenizer.encode(answers, { special: false }));
  }
  await tokenizer.dispose();
  return inputs;
}

async function trainingRows(data, dataset) {
  const files = { data: join(data, 'train.json'), testData: join(data, 'test.json') };
  const resolved = await resolveDataset({ dataset, ...files });
  const spec = {
    dataset: resolved.spec,
    part: /** @type {const} */ ('weak'),
    seed: 0,
    dataSeed: 0,
    trainSize: 2 * TRAIN_ROWS,
    testSize: 100,
  };
  const { rows } = await loadSplit(spec, resolved.task, resolved.locations, { labels: true });
  return {
    texts: rows.map((row) => row.text ?? ''),
    labels: rows.map((row) => row.label?.indexOf(Math.max(...row.label)) ?? 0),
  };
}

/** The four answers of each question, in the words of the data set's format. */
async function scoringTexts(file, withSupport) {
  const questions = JSON.parse(await readFile(file, 'utf8')).slice(0, QUESTIONS);
  return questions.flatMap((row) =>
    fourAnswers(row, withSupport && row.support ? `${row.support.trim()}\n\n` : ''),
  );
}

function lists({ ids, offsets }) {
  const tokens = [];
  const starts = [0];
  for (let i = 0; i + 1 < offsets.length; i++) {
    tokens.push(...ids.subarray(Math.max(offsets[i], offsets[i + 1] - CONTEXT), offsets[i + 1]));
    starts.push(tokens.length);
  }
  return { tokens, offsets: starts };
}

/**
 * Ids drawn by seed, in lists of SciQ's lengths, for machines that have no data: of each question of the list its right
 * answer and one distractor to train on, and all four answers to score, which begin alike as far as SciQ's do. Texts of
 * two questions have nothing in common, where SciQ's begin with the same few words: the engine has less to share.
 * @param {{ rows?: number, questions?: number }} [sizes] @returns {Promise<Inputs>}
 */
export async function drawnInputs({ rows = TRAIN_ROWS, questions = QUESTIONS } = {}) {
  const inputs = { source: DRAWN, tokenizer: "counted with GPT-2's tokenizer", train: {}, score: {} };
  const info = { vocabularySize: VOCABULARY, contextLength: CONTEXT, atLeast: Math.max(rows / 2, questions) };
  for (const name of Object.keys(DATASETS)) {
    const lengths = await readLengths(/** @type {'short' | 'long'} */ (name));
    const examples = syntheticWorkload(name, lengths, info).examples.map((answers) =>
      answers.map(({ tokens }) => [...tokens]),
    );
    const random = stream(0, 'peers', 'distractor');
    const pairs = examples
      .slice(0, rows / 2)
      .map(([right, ...distractors]) => [right, distractors[random.below(distractors.length)]]);
    inputs.train[name] = { ...joined(pairs.flat()), labels: pairs.flatMap(() => [1, 0]) };
    inputs.score[name] = joined(examples.slice(0, questions).flat());
  }
  return inputs;
}

function joined(sequences) {
  const offsets = [0];
  for (const sequence of sequences) offsets.push(offsets.at(-1) + sequence.length);
  return { tokens: sequences.flat(), offsets };
}

/**
 * The first `count` sequences, cut to the model's context from the left, their ids folded into its vocabulary by the
 * remainder, and a token that none of them ends in (Transformers reads the last that is not padding).
 * @param {Lists} all @param {number} count @param {{ vocabulary: number, context: number }} shape
 */
export function firstSequences(all, count, { vocabulary, context }) {
  const tokens = [];
  const offsets = [0];
  for (let i = 0; i < count; i++) {
    const [start, end] = [all.offsets[i], all.offsets[i + 1]];
    const ids = all.tokens.slice(Math.max(start, end - context), end);
    tokens.push(...ids.map((id) => id % vocabulary));
    offsets.push(tokens.length);
  }
  const used = new Set(offsets.slice(1).map((end) => tokens[end - 1]));
  let pad = vocabulary - 1;
  while (used.has(pad)) pad--;
  if (pad < 0)
    throw new Error(`Expected a token of ${vocabulary} that no sequence ends in but all are used.`);
  return { tokens, offsets, pad };
}
