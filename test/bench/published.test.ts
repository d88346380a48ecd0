// What goes into results and tables, which are published: no paths of the machine, no pages of output.
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
// @ts-expect-error These are plain scripts, without types.
import { failure, reasonOf, wholeStory } from '../../bench/peers/failure.mjs';
// @ts-expect-error
import { placesOf, withoutPaths } from '../../bench/peers/paths.mjs';
// @ts-expect-error
import { addRow, openResults, writeResults } from '../../bench/peers/results.mjs';
// @ts-expect-error
import { runStep } from '../../scripts/gpu-suite-run.mjs';
// @ts-expect-error
import { peerSteps } from '../../scripts/gpu-suite-steps.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
let folder: string;
let torch: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'w2s-published-'));
  torch = join(folder, 'lib', 'torch');
  await mkdir(torch, { recursive: true });
});
afterAll(() => rm(folder, { recursive: true }));

describe('withoutPaths', () => {
  const plain = (text: string): string => withoutPaths(text, placesOf({ scratch: folder, torch }));

  it.each([
    [() => `at file://${root}/bench/peers.mjs:3:4`, 'at <root>/bench/peers.mjs:3:4'],
    [() => `in ${root}.`, 'in <root>.'],
    [() => `${torch}/lib/libc10.so: no such file`, '<torch>/lib/libc10.so: no such file'],
    [() => `cc -I${torch}/include -I/usr/local/cuda/include`, 'cc -I<torch>/include -I…/include'],
    [() => `${folder}/peers/a.json`, '<scratch>/peers/a.json'],
    [() => `"${tmpdir()}/x"`, '"<tmp>/x"'],
    [() => `${homedir()}/.cache/w2s-native`, '~/.cache/w2s-native'],
    [() => `HOME=${homedir()}`, 'HOME=~'],
    [
      () => 'File "/opt/py/lib/python3.12/site-packages/torch/nn/modules.py", line 3',
      'File "<packages>/torch/nn/modules.py", line 3',
    ],
    [() => '/opt/py/bin/python3: No module named torch', '…/python3: No module named torch'],
  ])('%#: has words for folders', (text, said) => {
    expect(plain(text())).toBe(said);
    expect(plain(said)).toBe(said);
  });

  it.each([
    'train/gpt2-124m/short/bf16, 700 tokens/s and/or a/b/c',
    'https://allenai.org/data/sciq (CC BY-NC 3.0)',
    './bench/peers/a.mjs ../../b/c.mjs assets/bench/sciq-lengths.json',
  ])('leaves %j as it is', (text) => {
    expect(plain(text)).toBe(text);
  });

  it('does not take a folder for another whose name goes on', () => {
    expect(plain(`${root}-other/x.ts`)).not.toContain('<root>');
  });

  it('goes through documents', () => {
    const document = { rows: [{ error: `no ${root}/x`, n: 1, none: null }], met: true };
    expect(withoutPaths(document)).toEqual({ rows: [{ error: 'no <root>/x', n: 1, none: null }], met: true });
  });
});

describe('a failure', () => {
  const traceback = `Loading weights\nTraceback (most recent call last):\n  File "${root}/x.py", line 1\nValueError: no ${root}/y\n`;
  const node = `file://${root}/a.mjs:3\n  throw new W2sError(\n  ^\n\nW2sError: Expected a build but\n[1/9] cc x\n    at f\n  code: 1\n}\n\nNode.js v20`;

  it.each([
    [traceback, 'it ended: ValueError: no <root>/y'],
    [node, 'it ended: W2sError: Expected a build but'],
    ['[1/2] cc a\nninja: build failed\n[2/2] done', 'it ended: ninja: build failed'],
    ['only this\n', 'it ended: only this'],
    ['', 'it ended: it printed nothing'],
    [`Error: ${'long '.repeat(200)}`, expect.stringMatching(/^.{201}$/)],
  ])('%#: is a line', (output, said) => {
    const error = failure('it ended', output);
    expect(reasonOf(error)).toEqual(said);
    expect(wholeStory(error)).toContain(output.trim());
  });
});

describe('the GPU suite', () => {
  const step = (code: string) => ({ name: 'a step', command: [process.execPath, '-e', code], limit: 20 });
  const place = () => ({ folder: root, environment: process.env, limit: 20 });

  it('keeps what a failed step printed, and of others the result alone', async () => {
    const printed = `console.log(process.cwd(), ${JSON.stringify(folder)})`;
    const well = await runStep(step(printed), place());
    expect(well).toEqual({ name: 'a step', status: 'ok', seconds: expect.any(Number) });
    const result = await runStep({ ...step('console.log("[1]"); console.error("x")'), json: true }, place());
    expect(result).toEqual({ name: 'a step', status: 'ok', seconds: expect.any(Number), result: [1] });
    const failed = await runStep(step(`${printed}; process.exit(3)`), place());
    expect(failed).toMatchObject({ status: 'failed', reason: 'status 3', tail: `${root} ${folder}` });
    const none = await runStep({ ...step('console.log("no")'), json: true }, place());
    expect(none).toMatchObject({ status: 'failed', reason: 'printed no JSON', tail: 'no' });
    const late = await runStep(step('setInterval(() => {}, 1000)'), { ...place(), limit: 2 });
    expect(late).toMatchObject({ status: 'failed', reason: 'ran past its 2 s' });
    const skipped = await runStep({ ...step(''), skip: 'no PyTorch' }, place());
    expect(skipped).toEqual({ name: 'a step', status: 'left out', seconds: 0, reason: 'no PyTorch' });

    const file = join(folder, 'results.json');
    const results = openResults(file, { root, machine: 'a GPU', device: 'cuda' });
    writeResults(file, { ...results, suite: [failed] }, placesOf({ scratch: folder, torch }));
    addRow(file, openResults(file, { root, machine: 'a GPU', device: 'cuda' }), {
      id: 'a row',
      error: `${homedir()}/x`,
    });
    const text = await readFile(file, 'utf8');
    for (const path of [root, folder, torch, homedir()]) expect(text).not.toContain(path);
    const { suite, rows } = JSON.parse(text);
    expect(suite[0].tail).toBe('<root> <scratch>');
    expect(rows[0].error).toBe('~/x');
  });

  it('runs the rows of the peers with and without a file of tokens', () => {
    const request = {
      ...{ root, device: 'cuda' as const, dry: false, file: 'x.json', scratch: folder },
      ...{ python: 'python3', torch: { folder: torch, version: '2.13.0' } },
    };
    const drawn = peerSteps(request);
    expect(drawn.map(({ name }: { name: string }) => name)).toContain('peers experiment/chess-check');
    for (const { skip, command } of drawn) {
      expect(skip).toBeUndefined();
      expect(command).not.toContain('--tokens');
    }
    for (const { command } of peerSteps({ ...request, tokens: 'sciq.json' })) {
      expect(command.join(' ')).toContain('--tokens sciq.json');
    }
    for (const { skip } of peerSteps({ ...request, torch: { missing: 'no torch' } })) {
      expect(skip).toBe('no torch');
    }
  });
});
