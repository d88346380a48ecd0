import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { W2sError } from '../../src/errors.js';
import { storeError } from '../../src/store/files.js';
import { MetricsLog, openStore, type StepMetrics, type Store } from '../../src/store/index.js';

const HASH = '0123456789abcdef';

let out: string;
let store: Store;
let warnings: string[];

beforeEach(() => {
  out = mkdtempSync(join(tmpdir(), 'w2s-store-'));
  warnings = [];
  store = openStore(out, { warn: (message) => warnings.push(message) });
});

afterEach(() => rmSync(out, { recursive: true, force: true }));

const inStep = (...names: string[]): string => join(store.stepFolder(HASH), ...names);

function metricsOf(step: number): StepMetrics {
  return {
    step,
    loss: 0.1 + step,
    accuracy: 0.5,
    gradNorm: 1,
    lr: 1e-5,
    examples: 32,
    tokens: 99,
    tokensPerSecond: 1e4,
    seconds: 0.01,
  };
}

describe('results', () => {
  test('mean that a step is done, byte for byte the same', async () => {
    expect(await store.readResult(HASH)).toBeNull();
    const result = { kind: 'evaluate', accuracy: 0.1 + 0.2, n: 3, labels: [1 / 3] };
    await store.writeResult(HASH, result);
    expect(await store.readResult(HASH)).toEqual(result);
    expect(readFileSync(inStep('result.json'), 'utf8')).toBe(`${JSON.stringify(result)}\n`);
    expect(readdirSync(inStep())).toEqual(['result.json']);
  });

  test.each(['', '{"kind":"eval', '[]', 'null', '{"other":1}'])(
    'a broken one is absent: %j',
    async (text) => {
      mkdirSync(inStep(), { recursive: true });
      writeFileSync(inStep('result.json'), text);
      expect(await store.readResult(HASH)).toBeNull();
      expect(warnings).toEqual([expect.stringMatching(/result\.json is broken and is treated as absent/)]);
    },
  );

  test('end the checkpoint, and the lock leaves no trace', async () => {
    const lock = await store.acquire(HASH);
    await store.saveCheckpoint(HASH, 4, async () => ({}));
    expect(existsSync(inStep('checkpoint'))).toBe(true);
    await store.writeResult(HASH, { kind: 'finetune' });
    await lock.release();
    expect(readdirSync(inStep())).toEqual(['result.json']);
  });

  test('are not written by one who lost the lock', async () => {
    await store.acquire(HASH);
    writeFileSync(inStep('lock-2.json'), '{"id":"other","pid":1,"host":"elsewhere"}');
    await expect(store.writeResult(HASH, { kind: 'finetune' })).rejects.toMatchObject({ code: 'ERR_STORE' });
    expect(await store.readResult(HASH)).toBeNull();
  });
});

describe('step.json', () => {
  const spec = '{"kind":"label","seed":0}';
  const versions = { package: '0.1.0', libtorch: '2.13.0' };

  test('holds the canonical spec as it was hashed, and versions beside it', async () => {
    await store.writeStep(HASH, spec, versions);
    expect(readFileSync(inStep('step.json'), 'utf8')).toContain(spec);
    expect(await store.readStep(HASH)).toEqual({ spec: { kind: 'label', seed: 0 }, versions });
  });

  test('compares specs as they were hashed, whatever order JSON.parse gives to keys', async () => {
    const numbered = '{"params":{"10":1,"2":1e-7}}';
    await store.writeStep(HASH, numbered, versions);
    await store.writeStep(HASH, numbered, versions);
    expect(readFileSync(inStep('step.json'), 'utf8')).toContain(numbered);
  });

  test('keeps the versions of the first run, and refuses another spec', async () => {
    await store.writeStep(HASH, spec, versions);
    await store.writeStep(HASH, spec, { package: '0.2.0', libtorch: null });
    expect((await store.readStep(HASH))?.versions).toEqual(versions);
    await expect(store.writeStep(HASH, '{"kind":"label","seed":1}', versions)).rejects.toMatchObject({
      code: 'ERR_STORE',
    });
  });
});

describe('metrics', () => {
  test('come back as they were written, unrounded', async () => {
    const log = await store.openMetrics(HASH, 0);
    for (let step = 0; step < 5; step++) log.append(metricsOf(step));
    log.close();
    expect(await store.readMetrics(HASH)).toEqual([0, 1, 2, 3, 4].map(metricsOf));
  });

  test('past the checkpoint are cut off on resume', async () => {
    const log = await store.openMetrics(HASH, 0);
    for (let step = 0; step < 5; step++) log.append(metricsOf(step));
    log.close();
    appendFileSync(inStep('metrics.jsonl'), '{"step":5,"lo');
    const resumed = await store.openMetrics(HASH, 3);
    resumed.append(metricsOf(3));
    resumed.close();
    expect((await store.readMetrics(HASH)).map(({ step }) => step)).toEqual([0, 1, 2, 3]);
    expect(warnings).toEqual([]);
  });

  test('that are missing are said so; a torn line is cut and not read', async () => {
    mkdirSync(inStep(), { recursive: true });
    writeFileSync(inStep('metrics.jsonl'), `${JSON.stringify(metricsOf(0))}\n{"step":1,"lo`);
    expect(await store.readMetrics(HASH)).toEqual([metricsOf(0)]);
    (await store.openMetrics(HASH, 2)).close();
    expect(readFileSync(inStep('metrics.jsonl'), 'utf8')).toBe(`${JSON.stringify(metricsOf(0))}\n`);
    expect(warnings).toEqual([expect.stringMatching(/holds 1 of 2 steps/)]);
  });

  test('are on the disk after a flush', async () => {
    const log = await store.openMetrics(HASH, 0);
    log.append(metricsOf(0));
    log.flush();
    expect(await store.readMetrics(HASH)).toEqual([metricsOf(0)]);
    log.close();
  });
});

describe('predictions', () => {
  test('come back line by line', async () => {
    const rows = Array.from({ length: 2500 }, (_, i) => ({
      id: `row "${i}"\n`,
      split: 'test',
      label: i % 2,
      logits: [Math.fround(i / 3), -1 - i],
    }));
    await store.writePredictions(HASH, rows);
    expect(await store.readPredictions(HASH)).toEqual(rows);
    expect(readFileSync(inStep('predictions.jsonl'), 'utf8').split('\n')).toHaveLength(2501);
  });

  test('may be none, or absent', async () => {
    expect(await store.readPredictions(HASH)).toBeNull();
    await store.writePredictions(HASH, []);
    expect(await store.readPredictions(HASH)).toEqual([]);
  });

  test('that are not finite are refused, and leave nothing', async () => {
    const rows = [
      { id: 'a', split: 'test', logits: [0, 1] },
      { id: 'b', split: 'test', logits: [0, Number.NaN] },
    ];
    await expect(store.writePredictions(HASH, rows)).rejects.toMatchObject({
      code: 'ERR_NOT_FINITE',
      message: expect.stringContaining('not finite'),
    });
    expect(readdirSync(inStep())).toEqual([]);
  });

  test('that are broken name file and line', async () => {
    mkdirSync(inStep(), { recursive: true });
    writeFileSync(inStep('predictions.jsonl'), '{"id":"a"}\n{"id":\n');
    await expect(store.readPredictions(HASH)).rejects.toMatchObject({
      code: 'ERR_STORE',
      message: expect.stringMatching(/line 2 of .*predictions\.jsonl/),
    });
  });
});

describe('checkpoints', () => {
  const save = (step: number, text: string) =>
    store.saveCheckpoint(HASH, step, async (folder) => {
      writeFileSync(join(folder, 'weights'), text);
      return { position: step * 32, microBatchTokens: 2048 };
    });

  test('the latest is kept, older ones go', async () => {
    expect(await store.readCheckpoint(HASH)).toBeNull();
    await save(10, 'ten');
    await save(20, 'twenty');
    const found = await store.readCheckpoint(HASH);
    expect(found).toMatchObject({ step: 20, state: { position: 640, microBatchTokens: 2048 } });
    expect(readFileSync(join(found!.folder, 'weights'), 'utf8')).toBe('twenty');
    expect(readdirSync(inStep('checkpoint')).sort()).toEqual(['20', 'latest.json']);
  });

  test('a half-written one is ignored, and the one before stays', async () => {
    await save(10, 'ten');
    const broken = store.saveCheckpoint(HASH, 20, async (folder) => {
      writeFileSync(join(folder, 'weights'), 'twe');
      throw new Error('killed');
    });
    await expect(broken).rejects.toThrow('killed');
    expect((await store.readCheckpoint(HASH))?.step).toBe(10);
    await save(30, 'thirty');
    expect(readdirSync(inStep('checkpoint')).sort()).toEqual(['30', 'latest.json']);
  });

  test('saving again at the same step never touches the one that is the latest', async () => {
    const first = await save(10, 'ten');
    const broken = store.saveCheckpoint(HASH, 10, async () => {
      throw new Error('killed');
    });
    await expect(broken).rejects.toThrow('killed');
    expect(readFileSync(join(first.folder, 'weights'), 'utf8')).toBe('ten');
    const again = await save(10, 'ten again');
    const third = await save(10, 'and again');
    expect(again.folder).not.toBe(first.folder);
    expect(await store.readCheckpoint(HASH)).toMatchObject({ step: 10, folder: third.folder });
    expect(readFileSync(join(third.folder, 'weights'), 'utf8')).toBe('and again');
  });

  test.each(['{"step":10', '{"step":10,"folder":"10","state":{}}', '{}'])(
    'a broken pointer is absent: %s',
    async (text) => {
      mkdirSync(inStep('checkpoint'), { recursive: true });
      writeFileSync(inStep('checkpoint', 'latest.json'), text);
      expect(await store.readCheckpoint(HASH)).toBeNull();
      expect(warnings).toHaveLength(1);
    },
  );
});

describe('models', () => {
  test('appear whole or not at all', async () => {
    const broken = store.saveModel(HASH, async (folder) => {
      writeFileSync(join(folder, 'config.json'), '{}');
      throw new Error('killed');
    });
    await expect(broken).rejects.toThrow('killed');
    expect(await store.hasModel(HASH)).toBe(false);
    for (const text of ['{}', '{"second":1}']) {
      await store.saveModel(HASH, async (folder) => writeFileSync(join(folder, 'config.json'), text));
      expect(readFileSync(join(store.modelFolder(HASH), 'config.json'), 'utf8')).toBe(text);
    }
    expect(readdirSync(inStep())).toEqual(['model']);
    await store.removeModel(HASH);
    expect(await store.hasModel(HASH)).toBe(false);
  });
});

describe('runs', () => {
  const record = (time: string, summary: unknown) => ({
    command: 'train',
    time,
    config: {},
    plan: [],
    steps: {},
    summary,
  });

  test('are listed oldest first; what is not a run is left out', async () => {
    expect(await store.readRuns()).toEqual([]);
    await store.writeRun('chess: xs → m', record('2026-02-01T10:00:00.000Z', 2));
    await store.writeRun('first', record('2026-01-31T23:59:59.999Z', 1));
    writeFileSync(join(out, 'runs', 'zzz.json'), '{"not":"a run"}');
    writeFileSync(join(out, 'runs', 'notes.txt'), 'mine');
    const runs = await store.readRuns();
    expect(runs.map(({ record: { summary } }) => summary)).toEqual([1, 2]);
    expect(runs[1]!.path).toMatch(/20260201T100000000Z-\d+-chess-xs-m\.json$/);
    expect(warnings).toEqual([expect.stringMatching(/zzz\.json is no record/)]);
  });
});

describe('errors', () => {
  test('a full disk', async () => {
    const log = new MetricsLog('/dev/full');
    log.append(metricsOf(0));
    expect(() => log.flush()).toThrow(expect.objectContaining({ code: 'ERR_DISK', exitCode: 3 }));
  });

  test('a file where the store should be', async () => {
    writeFileSync(join(out, 'file'), '');
    const wrong = openStore(join(out, 'file'));
    await expect(wrong.acquire(HASH)).rejects.toMatchObject({
      code: 'ERR_STORE',
      hint: expect.stringContaining('--out'),
    });
    await expect(wrong.writeResult(HASH, { kind: 'label' })).rejects.toMatchObject({ code: 'ERR_STORE' });
  });

  test.each([
    ['ENOSPC', 'ERR_DISK'],
    ['EDQUOT', 'ERR_DISK'],
    ['EACCES', 'ERR_STORE'],
    ['EROFS', 'ERR_STORE'],
    ['EIO', 'ERR_STORE'],
  ])('%s is %s with something to type', (errno, code) => {
    const error = storeError(Object.assign(new Error('raw'), { code: errno }), 'writing here');
    expect(error).toBeInstanceOf(W2sError);
    expect(error).toMatchObject({
      code,
      message: expect.stringMatching(/writing here/),
      hint: expect.stringContaining('--out'),
    });
  });

  test('what is no file system error passes', () => {
    const error = new TypeError('a bug');
    expect(storeError(error, 'x')).toBe(error);
  });
});

test('shows itself relative to the working directory', () => {
  expect(openStore('runs/here').shownPath).toBe(join('runs', 'here'));
  expect(openStore('.').shownPath).toBe('.');
});
