import { W2sError } from '../errors.js';
import { type RandomStream, stream } from './random.js';
import { breathe, mapInSlices } from './sources/source.js';
import type { ChainPart, FileRole, Fold, SplitPart, SplitSpec } from './types.js';

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

export type SplitRequest = Pick<SplitSpec, 'part' | 'seed' | 'dataSeed' | 'trainSize' | 'testSize' | 'chain'>;

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
  if (part === 'chain') return required(has, 'train', 'the sets of the chain', '--data FILE');
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
  if (isTest) return balance(rows, rowsOfGroups(all, groups, drawn, 1), size, cut);
  const { of, first, last } = chainOf(request);
  const set = await deal(groups, drawn, request.seed, of);
  const chosen = new Uint8Array(rows.length);
  for (let k = first; k <= last; k++) {
    await breathe();
    const pool = rowsOfGroups(all, groups, set, k);
    const random = part === 'chain' ? stream(request.seed, 'cut', part, k) : cut;
    for (const i of await balance(rows, pool, setSize(request.trainSize, k, of), random)) chosen[i] = 1;
  }
  return all.filter((i) => chosen[i] === 1);
}

/** The sets that a part is made of: the two halves are a chain of two. */
function chainOf({ part, chain }: SplitRequest): ChainPart {
  if (part === 'weak') return { of: 2, first: 0, last: 0 };
  if (part === 'transfer') return { of: 2, first: 1, last: 1 };
  if (part === 'chain' && chain) return chain;
  throw new TypeError(`no sets are known for the part ${part}`);
}

function rowsOfGroups(all: Int32Array, groups: Groups, of: Uint8Array, wanted: number): Int32Array {
  return all.filter((i) => of[groups.of[i] ?? 0] === wanted);
}

/**
 * Rows that a part is to have; null: as many as there are. `--train-size` counts all halves or sets together;
 * what does not divide goes to the last of them, one row each.
 */
export function sizeOf(request: SplitRequest): number | null {
  const { part, trainSize, testSize } = request;
  if (part === 'test') return testSize;
  if (trainSize === null || part.startsWith('all-')) return null;
  const { of, first, last } = chainOf(request);
  let sum = 0;
  for (let k = first; k <= last; k++) sum += setSize(trainSize, k, of) ?? 0;
  return sum;
}

function setSize(trainSize: number | null, k: number, of: number): number | null {
  if (trainSize === null) return null;
  return Math.floor(trainSize / of) + (k >= of - (trainSize % of) ? 1 : 0);
}

/**
 * The rows of a fold of a part: of its groups, in an order that the seed draws, the first share of them is held
 * out, one at least and never all. Empty, whichever is asked for, where the part is a single group.
 * @param chosen rows of the part, in the file's order
 */
export async function foldRows(
  rows: readonly SplitRow[],
  chosen: Int32Array,
  { share, take }: Fold,
  { part, seed }: Pick<SplitSpec, 'part' | 'seed'>,
): Promise<Int32Array> {
  const groups = await groupRows(Array.from(chosen, (i) => rows[i] ?? { group: '' }));
  if (groups.count < 2) return new Int32Array(0);
  const held = Math.min(groups.count - 1, Math.max(1, Math.round(share * groups.count)));
  const heldOut = new Uint8Array(groups.count);
  for (const group of stream(seed, 'fold', part).permutation(groups.count).subarray(0, held))
    heldOut[group] = 1;
  const wanted = take === 'held-out' ? 1 : 0;
  return chosen.filter((_, i) => heldOut[groups.of[i] ?? 0] === wanted);
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

/** The set of a group that is in the test set: one more than the last that groups can be dealt to. */
const IN_TEST = 255;

/**
 * Whole groups in a random order by the seed, each to the set that is smallest so far, the first of equal ones.
 * Gives each group's set, 0 … sets − 1; IN_TEST for those drawn for the test. Throws ERR_USAGE beyond 255 sets.
 */
async function deal(groups: Groups, drawn: Uint8Array, seed: number, sets: number): Promise<Uint8Array> {
  if (sets > IN_TEST) {
    throw new W2sError('ERR_USAGE', `Expected at most ${IN_TEST} models for --chain but received ${sets}`, {
      hint: 'Name fewer: --chain SMALL,MEDIUM,LARGE',
    });
  }
  const rest = Int32Array.from({ length: groups.count }, (_, i) => i).filter((group) => drawn[group] === 0);
  const order = stream(seed, 'split').shuffle(rest);
  await breathe();
  const set = new Uint8Array(groups.count).fill(IN_TEST);
  const rows = new Array<number>(sets).fill(0);
  for (const group of order) {
    const smallest = rows.indexOf(Math.min(...rows));
    rows[smallest] = (rows[smallest] ?? 0) + (groups.rows[group]?.length ?? 0);
    set[group] = smallest;
  }
  return set;
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
