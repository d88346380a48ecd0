/**
 * Checks the built-in chess data: every move legal, every label right, answers that qualify, nothing twice,
 * one position a game, no game in two splits, and (with --pretrain) no position of the pre-training games. Sets
 * that came later ask about positions of the first three alone, in the same split.
 *
 *   node scripts/chess-world/check.mjs [--data assets/data] [--pretrain FILE,FILE]
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { positionKey, positionsOf, readGames, splits } from './files.mjs';
import { geometricUci } from './geometry.mjs';
import { baseSets, heldOutGames } from './held-out.mjs';
import { isLegalUci, legalUci, positionAfter } from './moves.mjs';
import { gainOf } from './task-lines.mjs';
import { decided, margin } from './task-preference.mjs';
import { isPuzzleMove } from './task-puzzles.mjs';
import { tokenIds } from './vocabulary.mjs';

const words = (text) => (text === '' ? [] : text.split(' '));

/** What is wrong with one row, or null. `position` is the one that the row asks about. */
const rowChecks = {
  'chess-puzzles': ({ completion }, position) =>
    isLegalUci(position, completion) && isPuzzleMove(position, completion) ? null : 'not a puzzle move',
  'chess-legal': ({ completion, label }, position) => {
    if (isLegalUci(position, completion) !== (label === 1)) return 'wrong label';
    return label === 1 || geometricUci(position).includes(completion) ? null : 'wrong geometry';
  },
  'chess-check': ({ label }, position) => (position.isCheck() === (label === 1) ? null : 'wrong label'),
  'chess-lines': ({ prompt, completion }) => {
    const line = words(completion);
    if (line.length < 2 || line.length > 4) return 'wrong length';
    const gains = [true, false].map((exchange) => gainOf(words(prompt), line, exchange));
    return Math.min(...gains) >= 1 ? null : 'wins nothing';
  },
  'chess-preference': (row, position) => {
    if (row.chosen === row.rejected) return 'one move twice';
    if (![row.chosen, row.rejected].every((uci) => isLegalUci(position, uci))) return 'not legal';
    return row.scores === undefined ? null : checkScores(row, position);
  },
};

const clip = (score) => Math.max(-decided, Math.min(decided, score));

/** Whether every legal move has an evaluation, and the two are as far apart as they have to be. */
function checkScores({ chosen, rejected, scores: json }, position) {
  const scores = JSON.parse(json);
  const scored = Object.keys(scores).sort().join(' ');
  if (scored !== legalUci(position).sort().join(' ')) return 'evaluations of other moves';
  return clip(scores[chosen]) - clip(scores[rejected]) >= margin ? null : 'too close';
}

/** Moves that a row may be answered with. */
const answersOf = ({ completion, chosen, rejected }) =>
  [completion, chosen, rejected].flatMap((text) => words(text ?? ''));

/** Prompts that a later set may ask about, by split; null for the sets that they come from. */
async function allowedPrompts(name, folder) {
  if (baseSets.includes(name)) return null;
  const games = await heldOutGames(folder);
  return new Set(games.flatMap(({ split, prompts }) => prompts.map((p) => `${split} ${p.join(' ')}`)));
}

/** Rows that differ in the label and share the move that is asked about. */
function checkBalance(name, rows) {
  if (rows[0].label === undefined) return [];
  const balance = new Map();
  for (const row of rows) {
    const move = row.completion ?? words(row.text).at(-1);
    balance.set(move, (balance.get(move) ?? 0) + (row.label === 1 ? 1 : -1));
  }
  const off = [...balance.values()].filter((value) => value !== 0).length;
  return off === 0 ? [] : [`${name}: ${off} moves tell the label`];
}

async function checkSet(name, folder) {
  const problems = [];
  const allowed = await allowedPrompts(name, folder);
  const seen = { ids: new Set(), games: new Set(), positions: new Set() };
  for (const split of splits) {
    const file = await asyncBufferFromFile(join(folder, name, `${split}.parquet`));
    const rows = await parquetReadObjects({ file });
    for (const row of rows) {
      const moves = words(row.prompt ?? row.text);
      const position = positionAfter(moves);
      const key = positionKey(position);
      const problem = rowChecks[name](row, position);
      if (problem) problems.push(`${name} ${split} ${row.id}: ${problem}`);
      if (allowed && !allowed.has(`${split} ${row.prompt}`)) {
        problems.push(`${name} ${split} ${row.id}: a position that is not known to be held out`);
      }
      if (![...moves, ...answersOf(row)].every((move) => tokenIds.has(move))) {
        problems.push(`${name} ${split} ${row.id}: a move that is not in the vocabulary`);
      }
      for (const [set, value] of [
        [seen.ids, row.id],
        [seen.games, row.group],
        [seen.positions, key],
      ]) {
        if (set.has(value)) problems.push(`${name} ${split} ${row.id}: ${value} twice`);
        set.add(value);
      }
    }
    problems.push(...checkBalance(`${name} ${split}`, rows));
    console.error(`${name} ${split}: ${rows.length} rows checked`);
  }
  return { problems, positions: seen.positions };
}

async function main() {
  const { values } = parseArgs({
    options: { data: { type: 'string', default: 'assets/data' }, pretrain: { type: 'string' } },
  });
  const problems = [];
  const positions = new Set();
  for (const name of Object.keys(rowChecks)) {
    const found = await checkSet(name, values.data);
    problems.push(...found.problems);
    for (const key of found.positions) positions.add(key);
  }
  for (const { moves } of values.pretrain ? readGames(values.pretrain.split(',')) : []) {
    for (const position of positionsOf(moves)) {
      const key = positionKey(position);
      if (positions.has(key)) problems.push(`position of a pre-training game: ${key}`);
    }
  }
  for (const problem of problems.slice(0, 20)) console.error(problem);
  console.log(problems.length === 0 ? 'All checks passed.' : `${problems.length} problems.`);
  process.exitCode = problems.length === 0 ? 0 : 1;
}

if (process.argv[1] === import.meta.filename) await main();
