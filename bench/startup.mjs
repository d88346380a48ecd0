#!/usr/bin/env node
// Start-up times against an empty node start (DESIGN 3.1): `--version` at most 1.5 times, `--help` at most 3 times,
// and a `train` answered from the store in less than 2 s. Rounds alternate, so that load falls on all alike.
//
//   node bench/startup.mjs [--rounds 15] [--train="--out FOLDER …"] [--write]
//
// Without --train the cached `train` is left out: it needs a store that has the answer.
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '15' },
    train: { type: 'string' },
    write: { type: 'boolean', default: false },
  },
});
const executable = join(root, 'bin', 'w2s-native.js');

/** @type {{ name: string, args: string[], limit?: { times?: number, ms?: number } }[]} */
const cases = [
  { name: 'empty node start', args: ['-e', '0'] },
  { name: '--version', args: [executable, '--version'], limit: { times: 1.5 } },
  { name: '--help', args: [executable, '--help'], limit: { times: 3 } },
  { name: 'setup --help', args: [executable, 'setup', '--help'] },
  { name: 'train --help', args: [executable, 'train', '--help'] },
];
if (values.train !== undefined) {
  const words = values.train.split(' ').filter(Boolean);
  cases.push({ name: 'train from the store', args: [executable, 'train', ...words], limit: { ms: 2000 } });
}

const times = new Map(cases.map(({ name }) => [name, /** @type {number[]} */ ([])]));
for (let round = 0; round < Number(values.rounds); round++) {
  for (const { name, args } of cases) {
    const started = performance.now();
    const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    if (status !== 0) throw new Error(`${name} ended with ${status}: ${stderr}`);
    times.get(name)?.push(performance.now() - started);
  }
}

const base = median(times.get('empty node start') ?? []);
const rows = cases.map(({ name, limit }) => {
  const ms = median(times.get(name) ?? []);
  const allowed = limit?.ms ?? (limit?.times ? limit.times * base : undefined);
  return { name, ms, times: ms / base, allowed, holds: allowed === undefined || ms <= allowed };
});
const lines = [
  `# Start-up, ${new Date().toISOString().slice(0, 10)}`,
  '',
  `Node ${process.versions.node}, ${cpus().length} cores of ${cpus()[0]?.model.trim()}; median of ${values.rounds} alternating rounds.`,
  '',
  '| command | ms | times an empty start | at most (ms) |',
  '|---|---|---|---|',
  ...rows.map((row) => {
    const allowed =
      row.allowed === undefined ? '' : `${row.allowed.toFixed(0)}${row.holds ? '' : ' (missed)'}`;
    return `| ${row.name} | ${row.ms.toFixed(0)} | ${row.times.toFixed(2)} | ${allowed} |`;
  }),
  '',
];
console.log(lines.join('\n'));
if (values.write) {
  const folder = join(root, 'bench', 'results');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `startup-${new Date().toISOString().slice(0, 10)}.md`), lines.join('\n'));
}
process.exitCode = rows.every(({ holds }) => holds) ? 0 : 1;

/** @param {number[]} list */
function median(list) {
  const sorted = list.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}
