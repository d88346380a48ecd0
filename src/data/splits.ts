import { W2sError } from '../errors.js';
import { type RandomStream, stream } from './random.js';
import { breathe, mapInSlices } from './sources/source.js';
import type { FileRole, SplitPart, SplitSpec } from './types.js';

/**
 * Which rows belong to a part of an experiment (DESIGN 3.5). Pure: rows are seen as a group and a class, and
 * the same rows, sizes and seeds always give the same part. Classes are treated alike whatever their index,
 * so that exchanging them all leaves every part as it was.
 */
export interface SplitRow {
  group: string;
  /** Class of the true label; absent where the task has none, so that nothing is balanced. */
  class?: number;
}

export type SplitRequest = Pick<SplitSpec, 'part' | 'seed' | 'dataSeed' | 'trainSize' | 'testSize'>;

/** Share of the rows that becomes the test set where neither a test file nor a size is given. */
const TEST_SHARE = 0.2;
/** A test set drawn from the training file never takes more of it. */
const LARGEST_TEST_SHARE = 0.5;

/** The file that a part is taken from, given which files there are. Throws ERR_CONFIG where there is none. */
export function sourceRole(part: SplitPart, has: (role: FileRole) => boolean): FileRole {
  if (part === 'all-train') return required(has, 'train', 'the rows to read', '--data FILE');
  if (part === 'all-test') return required(has, 'test', 'the rows to read', '--test-data FILE');
  if (part === 'test') {
    return has('test') ? 'test' : required(has, 'train', 'the test set', '--test-data FILE or --data FILE');
  }
  if (has(part)) return part;
  const other = part === 'weak' ? 'transfer' : 'weak';
  if (has(other)) required(has, part, `the ${part} half`, `--${part}-data FILE`);
  return required(has, 'train', `the ${part} half`, '--data FILE');
}

/** The file that a part of a data set comes from. Throws ERR_CONFIG where there is none. */
export function roleOf({ part, dataset }: Pick<SplitSpec, 'part' | 'dataset'>): FileRole {
  return sourceRole(part, (role) => dataset.files[role] !== undefined);
}

function required(has: (role: FileRole) => boolean, role: FileRole, what: string, flag: string): FileRole {
  if (has(role)) return role;
  throw new W2sError('ERR_CONFIG', `Expected a file for ${what} but received none.`, { hint: `Add ${flag}` });
}

/**
 * Row indices of a part, in the file's order. `rows` are those of the file that `sourceRole` names.
 * Its stages let the event loop run in between.
 * @param hasTestFile whether the test set has a file of its own, so that none is drawn from the training file
 * @param testRows the same rows with the classes that they have in a test, where chance decides classes
 */
export async function chooseRows(
  rows: readonly SplitRow[],
  request: SplitRequest,
  source: FileRole,
  hasTestFile: boolean,
  testRows: readonly SplitRow[] = rows,
): Promise<Int32Array> {
  const { part } = request;
  const all = Int32Array.from({ length: rows.length }, (_, i) => i);
  if (part === 'all-train' || part === 'all-test') return all;
  const isTest = part === 'test';
  const cut = stream(isTest ? request.dataSeed : request.seed, 'cut', part);
  const size = sizeOf(request);
  if (source === part) return balance(rows, all, size, cut);
  const groups = await groupRows(rows);
  const drawn = hasTestFile ? new Uint8Array(groups.count) : drawTestGroups(testRows, groups, request);
  await breathe();
  const side = isTest ? drawn : await halve(groups, drawn, request.seed, part);
  await breathe();
  const pool = all.filter((i) => side[groups.of[i] ?? 0] === 1);
  return balance(rows, pool, size, cut);
}

/**
 * Rows that a part is to have; null: as many as there are. `--train-size` counts both halves; of an odd
 * number the transfer half has one more.
 */
export function sizeOf({ part, trainSize, testSize }: SplitRequest): number | null {
  if (part === 'test') return testSize;
  if (trainSize === null || (part !== 'weak' && part !== 'transfer')) return null;
  return part === 'weak' ? Math.floor(trainSize / 2) : Math.ceil(trainSize / 2);
}

/** Groups numbered in the order in which they first appear. */
interface Groups {
  count: number;
  /** Group of each row. */
  of: Int32Array;
  /** Rows of each group. */
  rows: readonly (readonly number[])[];
}

async function groupRows(rows: readonly SplitRow[]): Promise<Groups> {
  const numbers = new Map<string, number>();
  const members: number[][] = [];
  const of = await mapInSlices(rows, ({ group }, i) => {
    let number = numbers.get(group);
    if (number === undefined) {
      number = members.push([]) - 1;
      numbers.set(group, number);
    }
    members[number]?.push(i);
    return number;
  });
  return { count: members.length, of: Int32Array.from(of), rows: members };
}

/**
 * Whole groups in a random order by the data seed, until a balanced test set of the asked size fits in them.
 * Gives 1 for each drawn group.
 */
function drawTestGroups(rows: readonly SplitRow[], groups: Groups, request: SplitRequest): Uint8Array {
  const drawn = new Uint8Array(groups.count);
  const classes = new Set(rows.map((row) => row.class));
  const perClass = request.testSize === null ? null : Math.ceil(request.testSize / classes.size);
  const counts = new Map<number | undefined, number>();
  let total = 0;
  const enough = (): boolean =>
    perClass === null
      ? total >= TEST_SHARE * rows.length
      : [...classes].every((k) => (counts.get(k) ?? 0) >= perClass);
  for (const group of stream(request.dataSeed, 'test-groups').permutation(groups.count)) {
    const members = groups.rows[group] ?? [];
    if (total > 0 && (enough() || total + members.length > LARGEST_TEST_SHARE * rows.length)) break;
    drawn[group] = 1;
    total += members.length;
    for (const i of members) counts.set(rows[i]?.class, (counts.get(rows[i]?.class) ?? 0) + 1);
  }
  return drawn;
}

/**
 * Whole groups in a random order by the seed, each to the half that is smaller so far. Gives 1 for each
 * group of the asked half.
 */
async function halve(
  groups: Groups,
  drawn: Uint8Array,
  seed: number,
  part: 'weak' | 'transfer',
): Promise<Uint8Array> {
  const rest = Int32Array.from({ length: groups.count }, (_, i) => i).filter((group) => drawn[group] === 0);
  const order = stream(seed, 'split').shuffle(rest);
  await breathe();
  const half = new Uint8Array(groups.count);
  let weak = 0;
  let transfer = 0;
  for (const group of order) {
    const toWeak = weak <= transfer;
    const size = groups.rows[group]?.length ?? 0;
    if (toWeak) weak += size;
    else transfer += size;
    half[group] = toWeak === (part === 'weak') ? 1 : 0;
  }
  return half;
}

/**
 * Downsamples every class to the size of the smallest, then cuts to `size`. Each row gets one random rank,
 * whatever its class; a class keeps its first rows by rank, and what an odd size leaves over goes to the
 * classes whose next row has the lower rank.
 */
async function balance(
  rows: readonly SplitRow[],
  pool: Int32Array,
  size: number | null,
  random: RandomStream,
): Promise<Int32Array> {
  const counts = new Map<number | undefined, number>();
  for (const row of rows) counts.set(row.class, 0);
  for (const i of pool) counts.set(rows[i]?.class, (counts.get(rows[i]?.class) ?? 0) + 1);
  const smallest = Math.min(...counts.values());
  const total = Math.min(size ?? Number.POSITIVE_INFINITY, smallest * counts.size);
  const each = Math.floor(total / counts.size);
  let over = total - each * counts.size;
  await breathe();
  const order = random.shuffle(pool.slice());
  await breathe();
  const kept = new Uint8Array(rows.length);
  const taken = new Map<number | undefined, number>();
  for (const i of order) {
    const k = rows[i]?.class;
    const before = taken.get(k) ?? 0;
    taken.set(k, before + 1);
    if (before < each) kept[i] = 1;
    else if (before === each && over > 0) {
      kept[i] = 1;
      over--;
    }
  }
  return pool.filter((i) => kept[i] === 1);
}
