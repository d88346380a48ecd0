/** The scripts in examples/ run as they stand, and pages show them as they are. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { pages, root } from './markdown.js';

// Seconds on an idle machine; a busy one may take its time.
vi.setConfig({ testTimeout: 240_000 });

const folder = mkdtempSync(join(tmpdir(), 'w2s-examples-'));
afterAll(() => rmSync(folder, { recursive: true }));

const scripts = readdirSync(join(root, 'examples')).filter((name) => name.endsWith('.mjs'));
const shown = pages().flatMap(({ file, blocks }) =>
  blocks.flatMap((block) => (block.marker === undefined ? [] : [{ ...block, file, marker: block.marker }])),
);

/** Runs a command line in an empty folder; examples in it by their place in the repository. */
function command(line: string): string {
  const words = line.replaceAll('examples/', `${root}/examples/`).split(' ');
  return execFileSync(process.execPath, [join(root, 'bin/w2s-native.js'), ...words], {
    cwd: folder,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** Runs an example in an empty folder, as its first lines say; gives what it printed. */
function run(name: string): string {
  return execFileSync(process.execPath, [join(root, 'examples', name)], {
    cwd: folder,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

describe('code in pages', () => {
  it.each(shown)('$file, line $line: $marker', ({ marker, code }) => {
    expect(code).toBe(readFileSync(join(root, marker), 'utf8').trimEnd());
  });

  it('every example is shown in a page', () => {
    const markers = shown.map(({ marker }) => marker);
    expect(scripts.filter((name) => !markers.includes(`examples/${name}`))).toEqual([]);
  });
});

describe('examples', () => {
  const percent = String.raw`\d+\.\d %`;

  it('experiment.mjs', () => {
    const printed = run('experiment.mjs');
    for (const role of ['weak', 'student', 'ceiling']) {
      expect(printed).toMatch(
        new RegExp(`^${role} +chess-\\S+ +${percent}  \\[${percent}, ${percent}\\]$`, 'm'),
      );
    }
    expect(printed).toMatch(/^PGR -?\d\.\d\d \[|^no PGR: /m);
  });

  it('steps.mjs', () => {
    expect(run('steps.mjs')).toMatch(new RegExp(`^weak: ${percent} of 28 .*\nstudent: ${percent} of 28 `));
  });

  it('engine.mjs', () => {
    const lines = run('engine.mjs').trimEnd().split('\n');
    expect(lines[0]).toContain('parameters');
    // It learns four texts by heart.
    expect(lines.at(-1)).toBe('black white black white');
  });

  it('own-loss.mjs', () => {
    expect(run('own-loss.mjs')).toMatch(new RegExp(`^plain student ${percent} .*\nown +student ${percent} `));
  });

  const small = '--weak chess-xs --strong chess-s --train-size 60 --test-size 40 --no-report';

  it.each([
    ['train', '--dataset chess-legal --loss examples/sharpened.mjs --gamma 3', 'sharpened'],
    ['train', '--dataset chess-legal --loss examples/soft-targets.mjs --beta 0.3', 'soft-targets'],
    ['train', '--dataset examples/recaptures.mjs --lr 3e-4', 'recaptures.mjs'],
    [
      'train',
      '--dataset chess-legal --relabel examples/blend.mjs --share 0.3 --keep-above 0.6',
      'blend kept',
    ],
  ])('%s %s', (name, flags, said) => {
    const printed = command(`${name} ${flags} ${small}`);
    expect(printed).toContain(said);
    for (const role of ['weak', 'student', 'ceiling']) {
      expect(printed).toMatch(new RegExp(`^${role} +chess-\\S+ +${percent} `, 'm'));
    }
  });

  it('run self-training.mjs', () => {
    const flags = `--dataset chess-legal --rounds 2 ${small.replace(' --no-report', '')}`;
    const printed = command(`run examples/self-training.mjs ${flags}`);
    expect(printed).toMatch(/^self-training on chess-legal: chess-xs → chess-s, rounds 2, seed 0$/m);
    for (const role of ['weak', 'student1', 'student', 'ceiling']) {
      expect(printed).toMatch(new RegExp(`^${role} +chess-\\S+ +${percent} `, 'm'));
    }
  });
});
