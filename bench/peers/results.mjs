// One JSON document a machine and day: what was measured, on what, with which versions.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { placesOf, withoutPaths } from './paths.mjs';

/** The kind of document, for readers of bench/results. */
export const KIND = 'peers';

/** The processor, or with `cuda` the GPU: a machine's kind, never its name. */
export function machineOf(device, python) {
  if (device === 'cuda') return gpuName(python) ?? 'cuda';
  return cpu();
}

const cpu = () => `${cpus()[0]?.model.trim()}, ${cpus().length} cores`;

function gpuName(python) {
  const code = 'import torch; print(torch.cuda.get_device_name(0))';
  const { status, stdout } = spawnSync(python, ['-c', code], { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}

/** bench/results/<date>-<machine>.json */
export function resultFile(root, machine) {
  const slug = machine
    .toLowerCase()
    .replace(/\((r|tm)\)|cpu|processor/g, ' ')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
  return join(root, 'bench', 'results', `${new Date().toISOString().slice(0, 10)}-${slug}.json`);
}

/** The document of a file, its head renewed, its rows kept. */
export function openResults(file, { root, machine, device, threads }) {
  const before = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : { rows: [] };
  return {
    ...before,
    kind: KIND,
    date: new Date().toISOString().slice(0, 10),
    machine,
    cpu: cpu(),
    memory: totalmem(),
    device,
    ...(threads === undefined ? {} : { threads }),
    commit: commitOf(root),
    node: process.versions.node,
  };
}

/** The commit that was measured, with a plus where files differ from it. */
export function commitOf(root) {
  try {
    const git = (...args) =>
      execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    // What is written here changes nothing that is measured.
    const others = ['--', '.', ':!bench/results', ':!docs'];
    const changed = git('status', '--porcelain', '--untracked-files=no', ...others).trim() !== '';
    return `${git('rev-parse', '--short', 'HEAD').trim()}${changed ? '+' : ''}`;
  } catch {
    return 'unknown';
  }
}

/** What was measured, with when and of which commit: a document keeps what earlier runs of the day put into it. */
export function stamped(measured, commit) {
  return { ...measured, at: new Date().toISOString(), commit };
}

/** Puts a row into the document, in place of one of the same id, and writes it. */
export function addRow(file, results, row) {
  const measured = stamped(row, results.commit);
  const at = results.rows.findIndex(({ id }) => id === row.id);
  if (at >= 0) results.rows[at] = measured;
  else results.rows.push(measured);
  writeResults(file, results);
}

/** Writes the document, which is made to be published: no text of it names a folder of this machine. */
export function writeResults(file, results, places = placesOf()) {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(withoutPaths(rounded(results), places), null, 1)}\n`);
}

/** Numbers to six digits: more says nothing, and would drown what does. Losses keep eight, for comparison. */
function rounded(value, digits = 6) {
  if (typeof value === 'number') return Number.isInteger(value) ? value : Number(value.toPrecision(digits));
  if (Array.isArray(value)) return value.map((each) => rounded(each, digits));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, rounded(each, key === 'losses' ? 8 : digits)]),
  );
}
