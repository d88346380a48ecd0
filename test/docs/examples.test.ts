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

  it('check-gradient.mjs', () => {
    const rows = run('check-gradient.mjs')
      .trimEnd()
      .split('\n')
      .map((line) => line.split(' ').map(Number));
    expect(rows).toHaveLength(4);
    for (const [analytic = Number.NaN, numeric = Number.NaN] of rows) {
      expect(Math.abs(analytic - numeric)).toBeLessThan(1e-3);
      expect(Math.abs(analytic)).toBeGreaterThan(0.05);
    }
  });
});
