import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readConfigFile } from '../../src/config/file.js';
import { presets } from '../../src/config/presets.js';
import { resolveEvaluateConfig, resolveFinetuneConfig, resolveLabelConfig } from '../../src/config/steps.js';
import { allTrainKeys } from '../../src/config/train.js';

describe('finetune, label and evaluate', () => {
  it('resolve with their defaults', () => {
    const config = resolveFinetuneConfig({ model: 'm', data: 'f.jsonl' });
    expect(config).toMatchObject({ dataset: 'columns', seed: 0, device: 'auto', out: 'results' });
    expect(config.settings).toMatchObject({ loss: 'xent', epochs: 2, batchSize: 32, lr: 1e-5 });
    expect(resolveLabelConfig({ model: 'm', data: 'f.jsonl' }).settings).toMatchObject({
      head: 'linear',
      maxContext: null,
      dtype: 'f32',
    });
    expect(resolveLabelConfig({ model: 'm', data: 'f.jsonl' }).headGiven).toBe(false);
    expect(resolveLabelConfig({ model: 'm', dataset: 'chess-puzzles' }).settings.head).toBe('lm');
    expect(resolveLabelConfig({ model: 'm', data: 'f', head: 'lm' }).settings.head).toBe('lm');
    expect(resolveEvaluateConfig({ model: 'm', testData: 'f.jsonl' }).testData).toBe('f.jsonl');
    expect(resolveEvaluateConfig({ model: 'm', data: 'f.jsonl' }).testData).toBe('f.jsonl');
  });

  it('take the preset of a built-in data set, for one model what concerns it', () => {
    const preset = presets['chess-puzzles']?.settings;
    const config = resolveFinetuneConfig({ model: 'chess-xs', dataset: 'chess-puzzles' });
    expect(config.settings).toMatchObject({ loss: 'completion', head: 'lm' });
    expect(config.settings.lr).toBe(preset?.weakLr ?? preset?.lr);
    expect(resolveFinetuneConfig({ model: 'chess-m', dataset: 'chess-puzzles' }).settings.lr).toBe(
      preset?.strongLr ?? preset?.lr,
    );
    expect(resolveEvaluateConfig({ model: 'm', dataset: 'chess-legal' }).settings.head).toBe('likelihood');
  });

  it('ask for model and data', () => {
    expect(() => resolveFinetuneConfig({ data: 'f' })).toThrow('Expected model for finetune');
    expect(() => resolveFinetuneConfig({ model: 'm' })).toThrow('Expected data for finetune');
    expect(() => resolveEvaluateConfig({ model: 'm' })).toThrow('Expected testData for evaluate');
    expect(() => resolveLabelConfig({ model: 'm', dataset: 'columns' })).toThrow('Expected data for label');
  });

  it('refuse what does not fit', () => {
    expect(() => resolveFinetuneConfig({ model: 'm', data: 'f', alphaMax: 0 })).toThrow(
      'the loss confidence',
    );
    expect(() => resolveLabelConfig({ model: 'm', data: 'f', export: 'x.csv' })).toThrow(
      '.jsonl or .parquet for --export but received "x.csv"',
    );
    expect(() => resolveLabelConfig({ model: 'm', data: 'f', epochs: 3 } as never)).toThrow('the key epochs');
  });
});

describe('--config', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'w2s-config-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  async function read(name: string, content: string) {
    const file = join(folder, name);
    await writeFile(file, content);
    return readConfigFile<Record<string, unknown>>(file, allTrainKeys, 'train');
  }

  it('reads YAML and JSON with kebab-case and camelCase keys', async () => {
    const yaml = await read('a.yaml', 'epochs: 3\nhead-lr: 1e-3\nseed: [0, 1]\nmax-context: null\n');
    expect(yaml.values).toEqual({ epochs: 3, headLr: 1e-3, seed: [0, 1] });
    expect((await read('a.json', '{\t"weakLr": 0.5, "deterministic": true}')).values).toEqual({
      weakLr: 0.5,
      deterministic: true,
    });
    expect((await read('empty.yaml', '')).values).toEqual({});
  });

  it.each([
    ['list.yaml', '- 1\n', 'Expected keys and values'],
    ['bad.yaml', 'epochs: 3\nlr: [1\n', 'bad.yaml, line'],
    ['twice.yaml', 'epochs: 3\nepochs: 4\n', 'twice.yaml, line 2'],
    ['bad.json', '{"epochs": }', 'bad.json but received'],
    ['value.yaml', 'epochs: many\n', 'Expected a whole number from 1 to 1000000 for epochs in'],
    ['null.yaml', 'epochs:\n', 'for epochs in'],
    ['nested.yaml', 'lr:\n  weak: 3\n', 'a list of keys'],
  ])('refuses %s', async (name, content, message) => {
    await expect(read(name, content)).rejects.toMatchObject({
      code: 'ERR_CONFIG',
      exitCode: 2,
      message: expect.stringContaining(message),
    });
  });

  it('says when the file is not there or a folder', async () => {
    const missing = readConfigFile(join(folder, 'none.yaml'), allTrainKeys, 'train');
    await expect(missing).rejects.toThrow('does not exist');
    await expect(readConfigFile(folder, allTrainKeys, 'train')).rejects.toThrow('is a folder');
  });
});
