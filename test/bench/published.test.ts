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
import { Printed, tailOf } from '../../bench/peers/printed.mjs';
// @ts-expect-error
import { addRow, openResults, stamped, writeResults } from '../../bench/peers/results.mjs';
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
    [() => 'make 2>/opt/foo/bar >/opt/foo/log', 'make 2>…/bar >…/log'],
    [() => '\x1b[31m/srv/alice/x\x1b[0m and \x1b[1;2m/srv/alice/y\x1b[m', '…/x and …/y'],
    [() => String.raw`b'\x1b[31m/srv/alice/x\n/srv/alice/y'`, String.raw`b'…/x\n…/y'`],
    [
      () => 'cc -isystem/srv/alice/inc -isystem /srv/alice/inc @/srv/alice/args',
      'cc -isystem…/inc -isystem …/inc @…/args',
    ],
    [() => `cc -isystem${torch}/include`, 'cc -isystem<torch>/include'],
    [() => 'no space left on /scratch', 'no space left on …'],
    [() => 'PATH=/scratch:/opt/py/bin', 'PATH=…:…/bin'],
    [() => "cannot open '/scratch/'", "cannot open '…'"],
    [() => 'home /home/alice of /Users/bob', 'home … of …'],
    [() => 'at /export/home/alice, file://localhost/home/alice/x.js', 'at …, …/x.js'],
    [() => 'In ../../../../home/alice/x.h, by ../../native/y.cpp', 'In …/x.h, by ../../native/y.cpp'],
    [() => '/srv/Müller/Ünit.py:3: 東京 /srv/東京/データ.txt', '…/Ünit.py:3: 東京 …/データ.txt'],
    [() => 'File "/srv/Alice Smith/my file.py", line 3', 'File "…/my file.py", line 3'],
    [
      () => String.raw`{"error":"\"/srv/alice/my file\" is none"}`,
      String.raw`{"error":"\"…/my file\" is none"}`,
    ],
    [() => 'cc /srv/Alice Smith/x.cu -o build/x.o', 'cc …/x.cu -o build/x.o'],
    [() => String.raw`cc /srv/Alice\ Smith/x.cu`, 'cc …/x.cu'],
    [() => '/srv/Alice Smith/lib/python3.12/site-packages/torch/nn.py', '<packages>/torch/nn.py'],
    [() => '/srv/alice/x.py and/or /srv//alice//y.py', '…/x.py and/or …/y.py'],
  ])('%#: has words for folders', (text, said) => {
    expect(plain(text())).toBe(said);
    expect(plain(said)).toBe(said);
  });

  it.each([
    'train/gpt2-124m/short/bf16, 700 tokens/s and/or a/b/c',
    'https://allenai.org/data/sciq (CC BY-NC 3.0)',
    './bench/peers/a.mjs ../../b/c.mjs assets/bench/sciq-lengths.json',
    '16 tokens /s, a / b, 1 /10; **/*-cuda.test.ts; //comment; /** text */; <b>x</b>; /^[a-z]+$/',
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

describe('what a program printed', () => {
  it('is kept by whole lines: the rest of a path would not be known for one', () => {
    const printed = new Printed();
    printed.add(`first\n${'x'.repeat(40_000)} ${root}`);
    expect(printed.text).toMatch(/^first/);
    printed.add(`/a.mjs ${'y'.repeat(40_000)}`);
    expect(printed.text).toBe('(one line, too long to be kept)');
    printed.add('/z.mjs\nError: late\n');
    expect(printed.text).toBe('Error: late');
  });

  it('is cut by whole lines, after words were put in place of folders', () => {
    const long = Array.from({ length: 100 }, (_, i) => `${i}: ${root}/bench/peers.mjs`).join('\n');
    const tail = tailOf(long);
    expect(tail.length).toBeLessThanOrEqual(1500);
    for (const line of tail.split('\n')) expect(line).toMatch(/^\d+: <root>\/bench\/peers\.mjs$/);
    expect(tail.endsWith('99: <root>/bench/peers.mjs')).toBe(true);
    // One line, such as a compiler's command.
    const flags = tailOf(`cc ${`-I${root}/native/nn `.repeat(200)}`);
    expect(flags).toMatch(/^….*-I<root>\/native\/nn$/);
    expect(withoutPaths(flags)).not.toContain(root);
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
  const place = () => ({
    ...{ folder: root, environment: process.env, limit: 20 },
    places: placesOf({ scratch: folder, torch }),
  });

  it('keeps what a failed step printed, and of others the result alone', async () => {
    const printed = `console.log(process.cwd(), ${JSON.stringify(folder)})`;
    const well = await runStep(step(printed), place());
    expect(well).toEqual({ name: 'a step', status: 'ok', seconds: expect.any(Number) });
    const result = await runStep({ ...step('console.log("[1]"); console.error("x")'), json: true }, place());
    expect(result).toEqual({ name: 'a step', status: 'ok', seconds: expect.any(Number), result: [1] });
    const failed = await runStep(step(`${printed}; process.exit(3)`), place());
    expect(failed).toMatchObject({ status: 'failed', reason: 'status 3', tail: '<root> <scratch>' });
    const none = await runStep({ ...step('console.log("no")'), json: true }, place());
    expect(none).toMatchObject({ status: 'failed', reason: 'printed no JSON', tail: 'no' });
    const killed = await runStep(step('console.log("é"); process.kill(process.pid, "SIGKILL")'), place());
    expect(killed).toMatchObject({ status: 'failed', reason: 'killed by SIGKILL', tail: 'é' });
    const late = await runStep(step('setInterval(() => {}, 1000)'), { ...place(), limit: 2 });
    expect(late).toMatchObject({ status: 'failed', reason: 'ran past its 2 s' });
    const skipped = await runStep({ ...step(''), skip: 'no PyTorch' }, place());
    expect(skipped).toEqual({ name: 'a step', status: 'left out', seconds: 0, reason: 'no PyTorch' });

    const file = join(folder, 'results.json');
    const results = openResults(file, { root, machine: 'a GPU', device: 'cuda' });
    const suite = [stamped({ ...failed, reason: `in ${folder}` }, 'abc1234')];
    writeResults(file, { ...results, suite }, placesOf({ scratch: folder, torch }));
    addRow(file, openResults(file, { root, machine: 'a GPU', device: 'cuda' }), {
      id: 'a row',
      error: `${homedir()}/x`,
    });
    const text = await readFile(file, 'utf8');
    for (const path of [root, folder, torch, homedir()]) expect(text).not.toContain(path);
    const document = JSON.parse(text);
    expect(document.suite[0]).toMatchObject({
      ...{ reason: 'in <scratch>', tail: '<root> <scratch>' },
      // Of the run that measured it, whatever wrote last.
      ...{ commit: 'abc1234', at: expect.any(String) },
    });
    expect(document.rows[0].error).toBe('~/x');
  });

  it('reads characters that come in two pieces', async () => {
    const half = (bytes: string) => `process.stdout.write(Buffer.from('${bytes}', 'hex'))`;
    const code = `${half('22c3')}; setTimeout(() => ${half('a922')}, 300)`;
    const { result } = await runStep({ ...step(code), json: true }, place());
    expect(result).toBe('é');
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
