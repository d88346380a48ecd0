/** Every command as a person uses it, on a tiny world: what goes to stdout, what to stderr. */
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { packageRoot } from '../../src/native/paths.js';
import { temporaryFolder } from '../support/results.js';
import { pairs, type TinyWorld, writeJsonl, writeTinyWorld } from '../support/tinyWorld.js';
import { run } from './run.js';

// Seconds on an idle machine; a busy one may take its time.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const { folder, cleanUp } = temporaryFolder();
let world: TinyWorld;
let trainWords: string[];

beforeAll(() => {
  world = writeTinyWorld(join(folder, 'world'));
  const file = join(folder, 'experiment.yaml');
  writeFileSync(
    file,
    ['epochs: 3', 'batch-size: 16', 'lr: 0.01', 'seed: [0, 1]', 'threads: 1', 'device: cpu'].join('\n'),
  );
  trainWords = ['train', '--config', file, '--weak', world.weak, '--strong', world.strong];
  trainWords.push('--weak-data', world.weakData, '--transfer-data', world.transferData);
  trainWords.push('--test-data', world.testData, '--weak-epochs', '1', '--out', join(folder, 'out'));
});
afterAll(cleanUp);

/** What two runs of one experiment may differ in. */
function lasting(text: string): unknown {
  const document = JSON.parse(text) as Record<string, Record<string, unknown>>;
  for (const role of ['weak', 'student', 'ceiling']) delete document[role]?.seconds;
  return { ...document, throughput: null, store: null };
}

describe('train', () => {
  it('prints a table and what it means; progress goes to stderr', async () => {
    const ran = await run(...trainWords);
    expect(ran.code, ran.stderr).toBe(0);
    for (const text of ['weak ', 'student', 'ceiling', '95 % interval', 'PGR', 'w2s-native report']) {
      expect(ran.stdout).toContain(text);
    }
    expect(ran.stderr).toMatch(
      /^seed 1 \(2 of 2\), student: .*400 examples, final loss [\d.]+, test accuracy \d/m,
    );
    expect(ran.stderr).toMatch(/^seed 0 \(1 of 2\), labels: .* of them right$/m);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colour codes begin with one
    expect(ran.stdout + ran.stderr).not.toMatch(/\u001B/);
  });

  it('prints one JSON document, the same from the store, without loading the engine', async () => {
    const words = [...trainWords, '--json'];
    const options = {
      cwd: folder,
      encoding: 'utf8',
      env: { ...process.env, W2S_LIBTORCH: '/nowhere' },
    } as const;
    const child = spawnSync(process.execPath, [join(packageRoot, 'bin/w2s-native.js'), ...words], options);
    expect(child.status, child.stderr).toBe(0);
    expect(child.stderr).toContain('come from the store');
    const document = JSON.parse(child.stdout) as Record<string, unknown>;
    expect(document).toMatchObject({
      schema: 'w2s-native/train@1',
      seeds: [0, 1],
      store: 'out',
      config: { forWeak: { epochs: 1, lr: 0.01 }, forStrong: { epochs: 3, batchSize: 16 } },
    });
    const again = await run(...words, '--out', join(folder, 'other'));
    expect(again.code, again.stderr).toBe(0);
    const [first, second] = [child.stdout, again.stdout].map((text) =>
      lasting(text.replace(JSON.stringify(join(folder, 'other')), JSON.stringify(join(folder, 'out')))),
    );
    expect(second).toEqual(first);
  });

  it('draws the page once, leaves it with --no-report, and loses no result where it cannot', async () => {
    const out = join(folder, 'out');
    const shown = /^Report: (.*)$/m.exec((await run(...trainWords)).stdout)?.[1] ?? '';
    expect(readFileSync(shown, 'utf8')).toContain('<!doctype html>');
    const without = await run(...trainWords, '--no-report');
    expect(without.stdout).toContain('PGR');
    expect(without.stdout).not.toContain('Report:');
    const page = readFileSync(shown, 'utf8');
    rmSync(join(out, 'reports'), { recursive: true });
    writeFileSync(join(out, 'reports'), 'a file in the way');
    const failed = await run(...trainWords);
    expect(failed.code).toBe(0);
    expect(failed.stdout).toContain('PGR');
    expect(failed.stdout).not.toContain('Report:');
    expect(failed.stderr).toMatch(/^Warning: the report page could not be written\. Expected /m);
    rmSync(join(out, 'reports'));
    await run(...trainWords, '--json');
    expect(readFileSync(shown, 'utf8')).toBe(page);
  });

  it('tells of rows that were left out', async () => {
    const data = join(folder, 'bad.jsonl');
    const whole = readFileSync(world.weakData, 'utf8');
    writeFileSync(data, `${whole}{"text": "no label"}\n`);
    const words = ['evaluate', '--model', world.weak, '--data', data, '--skip-bad-rows', '--device', 'cpu'];
    const ran = await run(...words, '--threads', '1', '--head', 'unembedding', '--out', join(folder, 'bad'));
    expect(ran.code, ran.stderr).toBe(0);
    expect(ran.stderr).toMatch(/bad\.jsonl: 1 bad row left out, the first: /);
  });

  it('lets flags go before the file', async () => {
    const ran = await run(...trainWords, '--seed', '0', '--json');
    expect(JSON.parse(ran.stdout)).toMatchObject({ seeds: [0] });
  });
});

describe('single steps', () => {
  const machine = ['--threads', '1', '--device', 'cpu'];

  it('finetune, evaluate and label work hand in hand', async () => {
    const out = join(folder, 'steps');
    const common = [...machine, '--out', out];
    const training = ['--lr', '0.01', '--epochs', '2'];
    const trained = await run(
      'finetune',
      '--model',
      world.strong,
      '--data',
      world.weakData,
      ...common,
      ...training,
    );
    expect(trained.code, trained.stderr).toBe(0);
    const model = /The model: (\S+)/.exec(trained.stdout)?.[1] ?? '';
    const scores = join(folder, 'scores.jsonl');
    const scored = await run(
      'evaluate',
      '--model',
      model,
      '--test-data',
      world.testData,
      '--data',
      world.weakData,
      '--lr',
      '0.1',
      ...common,
      '--export',
      scores,
    );
    expect(scored.code, scored.stderr).toBe(0);
    expect(scored.stderr).toContain('--lr is of no effect on evaluate\n');
    expect(scored.stderr).toContain(
      `Note: ${world.testData} (--test-data) is scored; ${world.weakData} (--data)`,
    );
    expect(scored.stdout).toContain(`Next:\n  npx w2s-native report ${out}\n`);
    expect(scored.stdout).toMatch(/AUROC[\s\S]*400[\s\S]*of the 400 items/);
    expect(readFileSync(scores, 'utf8').trim().split('\n')).toHaveLength(400);
    const labels = join(folder, 'labels.parquet');
    const words = ['label', '--model', model, '--data', world.transferData, ...common, '--export', labels];
    const labelled = await run(...words);
    expect(labelled.code, labelled.stderr).toBe(0);
    expect(labelled.stdout).toContain(`w2s-native finetune --model MODEL --data ${labels}`);
    const student = await run(
      'finetune',
      '--model',
      world.weak,
      '--data',
      labels,
      ...common,
      ...training,
      '--json',
    );
    expect(JSON.parse(student.stdout)).toMatchObject({ schema: 'w2s-native/finetune@1', n: 400 });
    const report = await run('report', out);
    expect(report.stdout).toContain('400');
  });

  it('reads a model by the head that it brings', async () => {
    const data = writeJsonl(join(folder, 'pairs.jsonl'), pairs(200, 1, 'p'));
    const common = [...machine, '--out', join(folder, 'heads'), '--json'];
    const words = ['finetune', '--model', world.strong, '--data', data, '--head', 'likelihood', ...common];
    const trained = JSON.parse((await run(...words)).stdout) as { step: string };
    const model = join(folder, 'heads/steps', trained.step, 'model');
    const evaluated = JSON.parse(
      (await run('evaluate', '--model', model, '--test-data', data, ...common)).stdout,
    );
    expect(evaluated).toMatchObject({ config: { settings: { head: 'likelihood' } }, n: 200 });
  });
});

describe('lists', () => {
  it('datasets, datasets show and models', async () => {
    expect((await run('datasets')).stdout).toMatch(/chess-check .*negative/);
    const shown = await run('datasets', 'show', 'chess-legal', '--rows', '2');
    expect(shown.stdout).toMatch(/Case +positive[\s\S]*Task +classification \(illegal, legal\)[\s\S]*prompt/);
    const own = JSON.parse((await run('datasets', 'show', world.testData, '--json')).stdout);
    expect(own).toMatchObject({ task: 'classification', rows: { train: 400 } });
    expect((await run('models')).stdout).toContain('chess-xs');
    expect(JSON.parse((await run('models', '--json')).stdout)).toMatchObject({
      schema: 'w2s-native/models@1',
    });
  });
});
