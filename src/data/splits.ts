import { W2sError } from '../errors.js';
import { stream } from './random.js';
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

function required(has: (role: FileRole) => boolean, role: FileRole, what: string, flag: string): FileRole {
  if (has(role)) return role;
  throw new W2sError('ERR_CONFIG', `Expected a file for ${what} but received none.`, { hint: `Add ${flag}` });
}

/**
 * Row indices of a part, in the file's order. `rows` are those of the file that `sourceRole` names.
 * @param hasTestFile whether the test set has a file of its own, so that none is drawn from the training file
 */
export function chooseRows(
  rows: readonly SplitRow[],
  request: SplitRequest,
  source: FileRole,
  hasTestFile: boolean,
): readonly number[] {
  const { part } = request;
  const all = rows.map((_, i) => i);
  if (part === 'all-train' || part === 'all-test') return all;
  if (part === 'test') {
    const pool = source === 'test' ? all : drawTestGroups(rows, request);
    return balance(rows, pool, request.testSize, stream(request.dataSeed, 'cut', 'test'));
  }
  const halfSize = sizeOfHalf(part, request.trainSize);
  const cut = stream(request.seed, 'cut', part);
  if (source === part) return balance(rows, all, halfSize, cut);
  const taken = hasTestFile ? new Set<number>() : new Set(drawTestGroups(rows, request));
  const rest = all.filter((i) => !taken.has(i));
  return balance(rows, halve(rows, rest, request.seed)[part], halfSize, cut);
}

/** `--train-size` counts both halves; of an odd number the transfer half has one more. */
function sizeOfHalf(part: 'weak' | 'transfer', trainSize: number | null): number | null {
  if (trainSize === null) return null;
  return part === 'weak' ? Math.floor(trainSize / 2) : Math.ceil(trainSize / 2);
}

/** Groups in the order in which they first appear, each with its rows. */
function groupRows(rows: readonly SplitRow[], indices: readonly number[]): number[][] {
  const groups = new Map<string, number[]>();
  for (const i of indices) {
    const group = rows[i]?.group ?? '';
    const members = groups.get(group);
    if (members) members.push(i);
    else groups.set(group, [i]);
  }
  return [...groups.values()];
}

/** Whole groups in a random order by the data seed, until a balanced test set of the asked size fits in them. */
function drawTestGroups(rows: readonly SplitRow[], request: SplitRequest): number[] {
  const groups = groupRows(
    rows,
    rows.map((_, i) => i),
  );
  stream(request.dataSeed, 'test-groups').shuffle(groups);
  const classes = new Set(rows.map((row) => row.class));
  const perClass = request.testSize === null ? null : Math.ceil(request.testSize / classes.size);
  const counts = new Map<number | undefined, number>();
  const enough = (): boolean =>
    perClass === null
      ? drawn.length >= TEST_SHARE * rows.length
      : [...classes].every((k) => (counts.get(k) ?? 0) >= perClass);
  const drawn: number[] = [];
  for (const group of groups) {
    if (drawn.length > 0 && (enough() || drawn.length + group.length > LARGEST_TEST_SHARE * rows.length))
      break;
    for (const i of group) {
      drawn.push(i);
      counts.set(rows[i]?.class, (counts.get(rows[i]?.class) ?? 0) + 1);
    }
  }
  return drawn.sort((a, b) => a - b);
}

/** Whole groups in a random order by the seed, each to the half that is smaller so far. */
function halve(
  rows: readonly SplitRow[],
  pool: readonly number[],
  seed: number,
): Record<'weak' | 'transfer', number[]> {
  const groups = stream(seed, 'split').shuffle(groupRows(rows, pool));
  const weak: number[] = [];
  const transfer: number[] = [];
  for (const group of groups) (weak.length <= transfer.length ? weak : transfer).push(...group);
  const inOrder = (half: number[]): number[] => half.sort((a, b) => a - b);
  return { weak: inOrder(weak), transfer: inOrder(transfer) };
}

/**
 * Downsamples every class to the size of the smallest, then cuts to `size`. Each row gets one random rank,
 * whatever its class; a class keeps its first rows by rank, and what an odd size leaves over goes to the
 * classes whose next row has the lower rank.
 */
function balance(
  rows: readonly SplitRow[],
  pool: readonly number[],
  size: number | null,
  random: ReturnType<typeof stream>,
): readonly number[] {
  const byRank = random.shuffle([...pool]);
  const rankedByClass = new Map<number | undefined, number[]>();
  for (const k of new Set(rows.map((row) => row.class))) rankedByClass.set(k, []);
  for (const i of byRank) rankedByClass.get(rows[i]?.class)?.push(i);
  const classes = [...rankedByClass.values()];
  const smallest = Math.min(...classes.map((members) => members.length));
  const total = Math.min(size ?? Number.POSITIVE_INFINITY, smallest * classes.length);
  const each = Math.floor(total / classes.length);
  const kept = new Set(classes.flatMap((members) => members.slice(0, each)));
  const next = new Set(classes.map((members) => members[each]));
  for (const i of byRank) {
    if (kept.size === total) break;
    if (next.has(i)) kept.add(i);
  }
  return pool.filter((i) => kept.has(i));
}
