/** `report` as a person uses it, on folders of run records. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { evaluation, experiment, run as record } from '../report/runs/documents.js';
import { temporaryFolder } from '../support/results.js';
import { run } from './run.js';

const { folder, cleanUp } = temporaryFolder();
afterAll(cleanUp);

let made = 0;

/** A results folder with these summaries, in order. */
function results(...summaries: readonly Readonly<Record<string, unknown>>[]): string {
  const out = join(folder, `results ${made++}`);
  mkdirSync(join(out, 'runs'), { recursive: true });
  summaries.forEach((summary, i) => {
    const command = /^w2s-native\/(\w+)@/.exec(String(summary.schema))?.[1] ?? 'train';
    writeFileSync(join(out, 'runs', `${i}.json`), JSON.stringify(record(summary, { command })));
  });
  return out;
}

describe('report', () => {
  it('prints a table, draws the page and says what to type next', async () => {
    const out = results({ ...experiment() }, evaluation());
    const { code, stdout, stderr } = await run('report', out);
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/chess-legal .*0\.60 \[0\.41, 0\.80\]/);
    expect(stdout).toContain(`Report: ${join(out, 'report.html')}\n`);
    expect(stdout).toContain(`w2s-native report '${out}' --csv --svg`);
    expect(stderr).toBe('');
    expect(readFileSync(join(out, 'report.html'), 'utf8')).toContain('Evaluated models');
  });

  it('writes CSV and SVG into the folder, or where it is told', async () => {
    const out = results({ ...experiment() });
    const named = join(folder, 'figure.svg');
    const ran = await run('report', out, '--csv', '--svg', named);
    expect(ran.code, ran.stderr).toBe(0);
    expect(ran.stdout).toContain(`CSV:    ${join(out, 'report.csv')}\nSVG:    ${named}\n`);
    expect(readFileSync(join(out, 'report.csv'), 'utf8')).toMatch(/^kind,time,.*\r\nexperiment,2026/);
    expect(readFileSync(named, 'utf8')).toMatch(/^<svg /);
  });

  it('writes nothing but CSV to stdout with --csv -', async () => {
    const { stdout } = await run('report', results({ ...experiment() }), '--csv', '-');
    expect(stdout).toMatch(/^kind,[^\n]*\r\nexperiment,[^\n]*\r\n$/);
  });

  it('prints one document with --json, and draws no page', async () => {
    const out = results({ ...experiment() });
    const { stdout } = await run('report', out, '--json');
    expect(JSON.parse(stdout)).toMatchObject({ schema: 'w2s-native/report@1', runs: [{ seeds: [0] }] });
    expect(existsSync(join(out, 'report.html'))).toBe(false);
  });

  it('warns of files that are broken or of another version, and shows the rest', async () => {
    const out = results({ ...experiment() }, { ...experiment(), schema: 'w2s-native/train@2' });
    writeFileSync(join(out, 'runs', 'broken.json'), '{"command": "tra');
    const { code, stdout, stderr } = await run('report', out);
    expect(code).toBe(0);
    expect(stdout).toContain('0.60 [0.41, 0.80]');
    expect(stderr).toMatch(/^Warning: .*broken\.json/m);
    expect(stderr).toMatch(/^Warning: .*another version \(w2s-native\/train@2;/m);
  });

  it('has no picture of evaluations alone', async () => {
    const { code, stdout, stderr } = await run('report', results(evaluation()), '--svg');
    expect(code).toBe(0);
    expect(stdout).toMatch(/my-model[\s\S]*Report:/);
    expect(stdout).not.toContain('SVG:');
    expect(stderr).toMatch(/--svg has nothing to draw/);
  });

  it('writes nothing into a folder that has no results, and says what to do', async () => {
    const out = join(folder, 'empty');
    mkdirSync(out);
    const { code, stdout } = await run('report', out, '--csv');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^No finished experiment here yet\.\n[\s\S]*w2s-native train --out /);
    expect(existsSync(join(out, 'report.html'))).toBe(false);
  });

  it.each([
    [['report', '/nowhere/at all'], /Expected a results folder but \/nowhere\/at all does not exist/],
    [
      ['report', '--csv', '.'],
      /Expected a file for --csv but received the folder \.[\s\S]*w2s-native report \. --csv/,
    ],
    [
      ['report', '.', '--svg', '/nowhere/a.svg'],
      /--svg but received the folder \/nowhere, which does not exist/,
    ],
    [['report', '.', '--csv', '-', '--json'], /Expected --json or --csv - for stdout but received both/],
    [['report', '.', '--csv', 'src'], /--csv but received a folder of that name/],
  ])('refuses %o', async (words, sentence) => {
    const { code, stdout, stderr } = await run(...words);
    expect(code).not.toBe(0);
    expect(stderr).toMatch(sentence);
    expect(stdout).toBe('');
  });

  it('prints the table even where the page cannot be written', async () => {
    const out = results({ ...experiment() });
    mkdirSync(join(out, 'report.html', 'taken'), { recursive: true });
    const { code, stdout, stderr } = await run('report', out);
    expect(code).toBe(0);
    expect(stdout).toContain('0.60 [0.41, 0.80]');
    expect(stdout).not.toContain('Report:');
    expect(stderr).toMatch(/Warning: the page could not be written/);
  });
});
