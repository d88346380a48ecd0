// The harness that holds the engine against Transformers: its inputs, its arithmetic, its table. Where W2S_PYTHON names
// a Python with Transformers, one row is run against all peers.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
// @ts-expect-error These are plain scripts, without types.
import { compared, inTurns, runExperiment } from '../../bench/peers/experiment.mjs';
// @ts-expect-error
import { gpt2Tokenizer } from '../../bench/peers/gpt2.mjs';
// @ts-expect-error
import { drawnInputs, firstSequences } from '../../bench/peers/inputs.mjs';
// @ts-expect-error
import { PEERS, workloads } from '../../bench/peers/plan.mjs';
// @ts-expect-error
import { addRow, openResults, resultFile } from '../../bench/peers/results.mjs';
// @ts-expect-error
import { writeTable } from '../../bench/peers/table.mjs';
// @ts-expect-error
import { largestRelative, ratios, Side, summary, takeTurns } from '../../bench/peers/turns.mjs';
import { openTokenizer } from '../../src/data/tokenizer.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'w2s-peers-'));
});
afterAll(() => rm(folder, { recursive: true }));

test("GPT-2's tokenizer gives the ids of the encoder that came with its vocabulary", async () => {
  await writeFile(join(folder, 'tokenizer.json'), JSON.stringify(await gpt2Tokenizer()));
  const { encode } = createRequire(import.meta.url)('gpt-3-encoder') as { encode(text: string): number[] };
  const texts = [
    'Hello world',
    'Q: What type of organism is used in foods such as cheese? A: mesophilic organisms',
    'Between 25°C and 40°C (77°F and 104°F).\n\nIt’s 3.5 %  — naïve, don\'t "quote"\tit.',
  ];
  await using tokenizer = await openTokenizer(folder);
  const { ids, offsets } = await tokenizer.encode(texts, { special: true });
  expect([...ids.subarray(0, offsets[1])]).toEqual([15496, 995]);
  expect([...ids]).toEqual(texts.flatMap((text) => encode(text)));
});

test("drawn lists have SciQ's lengths, and the answers of a question begin alike as far as SciQ's do", async () => {
  const lengths = JSON.parse(await readFile(join(root, 'assets', 'bench', 'sciq-lengths.json'), 'utf8'));
  const inputs = await drawnInputs();
  expect(inputs.source).toContain('drawn by seed');
  for (const name of ['short', 'long']) {
    const [train, score] = [inputs.train[name], inputs.score[name]];
    expect([train.labels.length, train.offsets.length, score.offsets.length]).toEqual([3200, 3201, 2001]);
    const text = ({ tokens, offsets }: { tokens: number[]; offsets: number[] }, i: number) =>
      tokens.slice(offsets[i], offsets[i + 1]);
    for (const question of [0, 7, 499]) {
      const [shared, ...counts] = lengths[name][question];
      const four = [0, 1, 2, 3].map((answer) => text(score, 4 * question + answer));
      expect(four.map((tokens) => tokens.length)).toEqual(counts);
      expect(new Set(four.map((tokens) => `${tokens.slice(0, shared)}`)).size).toBe(1);
      expect(new Set(four.map(String)).size).toBe(4);
      // The right answer, and one of the others.
      expect(train.labels.slice(2 * question, 2 * question + 2)).toEqual([1, 0]);
      expect(text(train, 2 * question)).toEqual(four[0]);
      expect(four.slice(1)).toContainEqual(text(train, 2 * question + 1));
    }
    // Gone through again with ids of its own.
    expect(text(train, 2 * 512)).toHaveLength(lengths[name][0][1]);
    expect(text(train, 2 * 512)).not.toEqual(text(train, 0));
  }
  expect(await drawnInputs()).toEqual(inputs);
  const { tokens } = firstSequences(inputs.score.short, 8, { vocabulary: 300, context: 1024 });
  expect(Math.max(...tokens)).toBeLessThan(300);
});

test('every row names peers that exist, and no row twice', () => {
  for (const device of ['cpu', 'cuda']) {
    const rows = workloads({ device, quick: false, memory: 24 * 2 ** 30 });
    expect(new Set(rows.map(({ id }: { id: string }) => id)).size).toBe(rows.length);
    for (const { peers } of rows) {
      for (const [name, { script }] of Object.entries(peers as Record<string, { script: string }>)) {
        expect(PEERS).toHaveProperty(name);
        expect(existsSync(join(root, 'bench', 'peers', `${script}.py`))).toBe(true);
      }
    }
  }
});

/** A side that needs so many milliseconds a step, in words of its own. */
const side = (name: string, seconds: number) => {
  const answer = `{ seconds: n * ${seconds}, cpuSeconds: n, peakMemory: 1, losses: Array(n).fill(${1 + seconds}) }`;
  const code = `
    console.log('{"ready":true,"versions":{"node":"0"}}');
    for await (const line of (await import('node:readline')).createInterface({ input: process.stdin })) {
      const n = Number(line);
      console.log(JSON.stringify(${answer}));
    }`;
  return Side.start(name, [process.execPath, '--input-type=module', '-e', code], 20);
};

test('sides take turns, the first round is left out, and ratios are of the same steps', async () => {
  const [ours, other] = await Promise.all([side('ours', 0.5), side('other', 1.5)]);
  const rounds: string[] = [];
  const phases = [
    { rounds: 1, steps: 1, warmUp: true },
    { rounds: 2, steps: 3 },
    { rounds: 1, steps: 2, peers: [] },
  ];
  await takeTurns([ours, other], phases, (line: string) => rounds.push(line));
  expect(rounds[1]).toBe('round 1 of 2: ours 0.500, other 1.500 s a step');
  expect(summary(ours)).toMatchObject({ secondsAStep: 0.5, rounds: 3 });
  expect(summary(other)).toMatchObject({ secondsAStep: 1.5, rounds: 2 });
  expect(ratios(ours, other)).toEqual({ ratio: 3, ratioRange: [3, 3], cpuRatio: 1 });
  await Promise.all([ours.end(), other.end()]);
});

test('a side that ends says why', async () => {
  const broken = Side.start('broken', [process.execPath, '-e', 'throw new Error("no such thing")'], 20);
  await expect(broken).rejects.toThrow(/broken ended: .*no such thing/s);
});

test('one of our own sides may fail, with the end of what it printed, and the others go on', async () => {
  const ours = await side('ours', 0.5);
  const code = 'console.error("recording in", process.cwd()); throw new Error("no graphs")';
  const told: string[] = [];
  const graphs = await Side.start('graphs', [process.execPath, '-e', code], 20, {
    mayFail: true,
    say: (text: string) => told.push(text),
  });
  expect(graphs.failed).toBe('graphs ended: Error: no graphs');
  expect(graphs.tail).toMatch(/^recording in <root>\n.*Error: no graphs/s);
  expect(told.join()).toContain(`recording in ${process.cwd()}`);
  await takeTurns([ours, graphs], [{ rounds: 2, steps: 1 }], () => {});
  expect([ours.turns.length, graphs.turns.length]).toEqual([2, 0]);
  await ours.end();
});

test('one that fails in a turn sits out the rest', async () => {
  const code = `process.stdin.once('data', () => { throw new Error('out of memory'); }); console.log('{}');`;
  const graphs = await Side.start('graphs', [process.execPath, '-e', code], 20, { mayFail: true });
  const rounds: string[] = [];
  await takeTurns([graphs], [{ rounds: 2, steps: 1 }], (line: string) => rounds.push(line));
  expect(rounds[0]).toContain('graphs ended: Error: out of memory');
  expect(graphs.turns).toHaveLength(0);
});

test('one that a signal ends, and one that answers too late, say so', async () => {
  const start = (code: string, limit: number) =>
    Side.start('graphs', [process.execPath, '-e', code], limit, { mayFail: true });
  const killed = `console.error('deep in a kernel'); process.kill(process.pid, 'SIGKILL'); setInterval(() => {}, 1000)`;
  const crashed = await start(killed, 20);
  expect(crashed).toMatchObject({
    failed: 'graphs was killed by SIGKILL: deep in a kernel',
    tail: 'deep in a kernel',
  });
  // It ends where its input does.
  const late = await start(`console.error('compiling'); process.stdin.resume()`, 3);
  expect(late).toMatchObject({ failed: 'graphs: no answer in 3 s', tail: 'compiling' });
});

test('the largest relative difference is of the steps that both did', () => {
  expect(largestRelative([1, 2, 9], [1, 2.5])).toEqual({ steps: 2, largest: 0.2 });
});

test('a row replaces an older one of its name, and the table is written from the newest file of a machine', async () => {
  const place = join(folder, 'place');
  await mkdir(join(place, 'docs'), { recursive: true });
  const file = resultFile(place, 'AMD EPYC (R) Processor, 2 cores');
  expect(file).toMatch(/bench\/results\/\d{4}-\d\d-\d\d-amd-epyc-2-cores\.json$/);
  const head = { root, machine: 'AMD EPYC, 2 cores', device: 'cpu', threads: 2 };
  const peer = (ratio: number) => ({
    ...{
      secondsAStep: 2,
      cpuSecondsAStep: 4,
      ratio,
      ratioRange: [ratio, ratio + 1],
      rounds: 5,
      microBatch: 32,
    },
    ...{ lossSteps: 50, lossDifference: 1.5e-6, bar: 2, met: ratio >= 2, versions: { torch: '2.13.0' } },
  });
  const row = (ratio: number) => ({
    ...{ id: 'train/a/short/f32', kind: 'train', dtype: 'f32', tokensAStep: 700, curve: 'padded' },
    ...{ ours: { secondsAStep: 1, versions: { libtorch: '2.13.0' } }, peers: { padded: peer(ratio) } },
  });
  addRow(file, openResults(file, head), row(1.5));
  const tuned = { ...peer(4), versions: { torch: '2.13.0', compiled: false } };
  const graphs = { ours: { secondsAStep: 0.5, versions: {} }, peers: { tuned } };
  const inputs = { source: 'SciQ', tokenizer: 'GPT-2' };
  addRow(file, openResults(file, head), { ...row(2.25), graphs, inputs });
  const alone = { ...row(3), id: 'train/b/short/f32', graphs: { error: 'no <root>\nhere', tail: 'more' } };
  addRow(file, openResults(file, head), { ...alone, inputs: { source: 'drawn', tokenizer: 'none' } });
  const whole = (theirs: number) => ({
    ours: { seconds: 10, document: documentOf(0.7) },
    theirs: { seconds: theirs, document: { ...sameAccuracies(0.71), total: { cpuSeconds: 60 }, phases: {} } },
  });
  const experiment = { id: 'experiment/a', kind: 'experiment', ...compared([40, 20, 30].map(whole)) };
  addRow(file, openResults(file, head), experiment);
  expect(JSON.parse(await readFile(file, 'utf8')).rows).toHaveLength(3);
  const marks = ['<!-- bench/peers.mjs --table writes from here -->', 'old', '<!-- to here -->'];
  await writeFile(join(place, 'docs', 'performance.md'), ['before', ...marks, 'after'].join('\n'));
  writeTable(place);
  const page = await readFile(join(place, 'docs', 'performance.md'), 'utf8');
  expect(page).toContain(
    '| train/a/short/f32 | 700 | 1.00 | (a) padded, sdpa | 2.00 | **2.25** | 2.25 to 3.25 (5) | 2 | yes |',
  );
  expect(page).toContain(
    '| train/a/short/f32, CUDA graphs | 700 | 0.500 | (d) tuned, not compiled | 2.00 | **4.00** | 4.00 to 5.00 (5) | 2 | yes |',
  );
  expect(page).toContain(
    '| experiment/a |  | 10 in all | (d) tuned | 30 in all | **3.00** | 2.00 to 4.00 (3) | within the interval | yes |',
  );
  expect(page).toContain('| loss curve of train/a/short/f32, 50 steps |');
  expect(page).toContain('Tokens: SciQ, GPT-2; or drawn, none.');
  expect(page).toContain('Not measured: `train/b/short/f32, CUDA graphs` (no &lt;root> here)');
  expect(page).not.toContain('old');
  expect(page.startsWith('before')).toBe(true);
});

/** The same for each model. */
const sameAccuracies = <Value>(value: Value) => ({ weak: value, student: value, ceiling: value });
const documentOf = (accuracy: number) =>
  sameAccuracies({ accuracy, ci95: [accuracy - 0.02, accuracy + 0.02] });

test('whole experiments take turns, and all of them have to come out alike', async () => {
  const order: string[] = [];
  const told: string[] = [];
  const side =
    (name: string, seconds: number, document: (round: number) => object) => async (round: number) => {
      order.push(`${name} ${round}`);
      return { seconds: seconds + round, document: document(round) };
    };
  const total = { cpuSeconds: 1 };
  const ours = side('ours', 10, () => documentOf(0.7));
  const theirs = (far: number) =>
    side('theirs', 30, (round) => ({ ...sameAccuracies(round === 0 ? far : 0.71), total, phases: {} }));
  const pairs = await inTurns(3, ours, theirs(0.69), (text: string) => told.push(text));
  expect(order).toEqual(['ours 0', 'theirs 0', 'ours 1', 'theirs 1', 'ours 2', 'theirs 2']);
  expect(told[0]).toBe('   round 1 of 3: ours 10.0 s, theirs 30.0 s');
  const found = compared(pairs);
  expect(found).toMatchObject({
    ours: { seconds: 11, rounds: 3, accuracy: documentOf(0.7) },
    theirs: {
      seconds: 31,
      rounds: 3,
      ratio: 31 / 11,
      ratioRange: [32 / 12, 3],
      accuracy: sameAccuracies(0.71),
    },
    met: true,
  });
  expect(compared(await inTurns(3, ours, theirs(0.9), () => {})).met).toBe(false);
});

const python = process.env.W2S_PYTHON;
test.skipIf(python === undefined)(
  'every peer computes what the engine computes',
  async () => {
    const out = join(folder, 'dry.json');
    const args = ['--dry-run', '--threads', '1', '--out', out, '--work', join(folder, 'work')];
    const { status, stderr } = spawnSync(process.execPath, [join(root, 'bench', 'peers.mjs'), ...args], {
      encoding: 'utf8',
    });
    expect(status, stderr).toBe(0);
    const { rows } = JSON.parse(await readFile(out, 'utf8'));
    const measured = rows.filter(({ kind }: { kind: string }) => kind !== 'parts');
    expect(measured).toHaveLength(4);
    for (const { kind, peers, graphs } of measured) {
      // (d) as it is on a CPU, and as on a GPU: laid end to end.
      if (kind === 'train') expect(Object.keys(peers)).toEqual(expect.arrayContaining(['tuned', 'flat']));
      for (const peer of Object.values({ ...peers, ...graphs?.peers } as Record<
        string,
        Record<string, number>
      >)) {
        expect(peer.lossDifference ?? peer.logitDifference).toBeLessThan(1e-4);
      }
    }
  },
  300_000,
);

test.skipIf(python === undefined)(
  'the whole experiment laid end to end, as on a GPU, gives what it gives padded',
  async () => {
    const rows = join(folder, 'rows.json');
    const sizes = ['--train-size', '200', '--test-size', '200', '--epochs', '1'];
    const models = ['--weak', 'chess-xs', '--strong', 'chess-s'];
    const written = run(process.execPath, [
      'rows.mjs',
      rows,
      '--dataset',
      'chess-check',
      ...models,
      ...sizes,
    ]);
    expect(written).toBe('weak: 100, transfer: 100, test: 200\n');
    const folders = models.map((word) =>
      word.startsWith('--') ? word : join(root, 'assets', 'models', word),
    );
    const settings = ['--rows', rows, ...folders, '--epochs', '1', '--lr', '1e-3', '--threads', '1'];
    const accuracies = (...way: string[]) => {
      const { weak, labels, student, ceiling } = JSON.parse(
        run(python ?? '', ['experiment.py', ...settings, ...way]),
      );
      return [weak, labels, student, ceiling];
    };
    const padded = accuracies();
    // Two of 200 may tip over: texts whose two logits are equal to rounding.
    for (const [i, value] of accuracies('--flatten', '--micro-batch', '32').entries()) {
      expect(Math.abs(value - padded[i])).toBeLessThan(0.011);
    }
  },
  120_000,
);

test.skipIf(python === undefined)(
  'the whole experiment is run by both sides, each time from nothing',
  async () => {
    const work = join(folder, 'whole');
    const whole = { sizes: ['--train-size', '200', '--test-size', '200'], epochs: ['--epochs', '1'] };
    const settings = { root, work, python, threads: '1', device: 'cpu', say: () => {} };
    const row = await runExperiment({ ...settings, rounds: 2, whole });
    expect(row).toMatchObject({
      kind: 'experiment',
      dtype: 'f32',
      ours: { rounds: 2 },
      theirs: { rounds: 2 },
    });
    // A second one that found what the first left would have trained nothing.
    for (const store of ['store-0', 'store-1']) {
      expect(await readdir(join(work, 'experiment', store, 'steps'))).not.toHaveLength(0);
    }
    expect(row.met).toBe(true);
  },
  120_000,
);

/** What a script of bench/peers prints. */
function run(program: string, [script = '', ...args]: string[]): string {
  const command = [join(root, 'bench', 'peers', script), ...args];
  const { status, stdout, stderr } = spawnSync(program, command, { encoding: 'utf8' });
  expect(status, stderr).toBe(0);
  return stdout;
}
