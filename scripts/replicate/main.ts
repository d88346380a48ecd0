/**
 * Runs every preset of experiments/ and writes docs/replication.md; with --quick one seed, and quick.md beside the store:
 *
 *   npm run replicate -- [--quick] [--seeds 0,1] [--only NAME,NAME] [--out FOLDER] [--page FILE] [--threads N] [--draw]
 *
 * Each preset is one command in a process of its own, and all share one store: a run that was stopped goes on where it
 * was. Documents are kept beside the store: --draw writes the page from them and runs nothing.
 */
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { replicationPage } from './page.js';
import type { Environment, Finished } from './types.js';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..');
const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    seeds: { type: 'string' },
    only: { type: 'string' },
    out: { type: 'string', default: join(root, 'results', 'replication') },
    page: { type: 'string' },
    threads: { type: 'string' },
    draw: { type: 'boolean', default: false },
  },
});
const seeds = values.seeds ?? (values.quick ? '0' : '0,1,2,3,4');
const out = resolve(values.out);
const documents = join(out, `documents-${seeds.replaceAll(',', '-')}`);
mkdirSync(documents, { recursive: true });

const git = (...words: string[]) => execFileSync('git', words, { cwd: root, encoding: 'utf8' }).trim();
const commit = git('rev-parse', '--short=7', 'HEAD');
for (const name of values.draw ? [] : presets()) {
  const startedAt = performance.now();
  const document = await run(name);
  if (document === null) continue;
  const record: Finished = {
    commit,
    name,
    about: aboutOf(name),
    seconds: (performance.now() - startedAt) / 1000,
    document,
  };
  writeFileSync(join(documents, `${name}.json`), `${JSON.stringify(record)}\n`);
  console.error(`${name}: ${record.seconds.toFixed(0)} s`);
}
const page = await replicationPage(recorded(), environment(), join(out, 'store'));
// One seed is a look at what comes out, and no result to quote.
const file = resolve(
  values.page ?? (values.quick ? join(out, 'quick.md') : join(root, 'docs', 'replication.md')),
);
const images = join(dirname(file), 'images');
mkdirSync(images, { recursive: true });
for (const [name, svg] of Object.entries(page.charts)) writeFileSync(join(images, name), svg);
writeFileSync(file, page.text);
console.log(file);

/** Names of presets, in the order of the page's tables: what others start from comes first. */
function presets(): string[] {
  const all = readdirSync(join(root, 'experiments'))
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => file.replace(/\.yaml$/, ''))
    .sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
  const only = values.only?.split(',');
  const unknown = only?.find((name) => !all.includes(name));
  if (unknown !== undefined) {
    console.error(
      `Expected a preset of experiments/ for --only but received ${unknown}. There are: ${all.join(', ')}`,
    );
    process.exit(2);
  }
  return all.filter((name) => only === undefined || only.includes(name));
}

function rank(name: string): number {
  return name === 'train-naive'
    ? 0
    : ['train', 'bootstrap', 'reward', 'analyse'].indexOf(commandOf(name)) + 1;
}

function commandOf(name: string): string {
  return name.split('-')[0] ?? name;
}

/** The first comment of a preset. */
function aboutOf(name: string): string {
  const [first = ''] = readFileSync(join(root, 'experiments', `${name}.yaml`), 'utf8').split('\n');
  return first.replace(/^#\s*/, '');
}

/** The command's document; null where it failed, which is told and does not end the rest. */
function run(name: string): Promise<Record<string, unknown> | null> {
  const command =
    commandOf(name) === 'analyse' ? ['analyse', name.replace(/^analyse-/, '')] : [commandOf(name)];
  const words = [
    join(root, 'bin', 'w2s-native.js'),
    ...command,
    ...['--config', join(root, 'experiments', `${name}.yaml`)],
    ...['--seed', seeds, '--out', join(out, 'store'), '--json'],
    ...(values.threads ? ['--threads', values.threads] : []),
  ];
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  return new Promise((done) => {
    child.on('close', (code) => {
      if (code === 0) return done(JSON.parse(text) as Record<string, unknown>);
      console.error(`${name}: ended with exit code ${code}`);
      process.exitCode = 1;
      done(null);
    });
  });
}

/** What this run and earlier ones of the same seeds left. */
function recorded(): Finished[] {
  return readdirSync(documents)
    .filter((file) => file.endsWith('.json'))
    .map((file) => JSON.parse(readFileSync(join(documents, file), 'utf8')) as Finished)
    .sort((a, b) => rank(a.name) - rank(b.name) || (a.name < b.name ? -1 : 1));
}

function environment(): Environment {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  return {
    machine: `${cpus()[0]?.model.trim() ?? 'unknown CPU'}, ${cpus().length} cores`,
    date: new Date().toISOString().slice(0, 10),
    versions: `w2s-native ${version}, Node ${process.versions.node}`,
    seeds,
  };
}
