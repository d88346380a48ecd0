/** What is saved reads back with the same logits: here, and in Transformers where W2S_PYTHON has it. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import {
  completions,
  expectedOf,
  type FixtureTensors,
  floats,
  type Golden,
  goldenCase,
  goldenCases,
  goldenVariants,
  openClassifier,
  openModel,
  packed,
  ROOMY,
  readSafetensors,
  relativeError,
} from './fixtures.js';

const folders: string[] = [];

function emptyFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'w2s-saved-'));
  folders.push(folder);
  return folder;
}

afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

function savedConfig(folder: string): Record<string, unknown> {
  return JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8')) as Record<string, unknown>;
}

function headOf(expected: FixtureTensors) {
  return { labels: expected.get('cls.head')!.shape[0]!, head: floats(expected, 'cls.head') };
}

async function saveClassifier(golden: Golden, expected: FixtureTensors): Promise<string> {
  const { labels, head } = headOf(expected);
  const model = await openClassifier(golden.folder, labels, head);
  const folder = emptyFolder();
  await model.save(folder, 'f32');
  model.dispose();
  return folder;
}

/** Transformers' class of a saved classifier or language model, without a prefix. */
const CLASS_PREFIX: Record<string, string> = {
  gpt2: 'GPT2',
  llama: 'Llama',
  mistral: 'Mistral',
  qwen2: 'Qwen2',
  qwen3: 'Qwen3',
};

describe.each(goldenCases)('$name', (golden) => {
  const expected = expectedOf(golden);

  it('saves a classifier that reads back identically', async () => {
    const folder = await saveClassifier(golden, expected);
    const { labels, head } = headOf(expected);
    const sequences = packed(expected, 'cls');
    const [before, after] = [
      await openClassifier(golden.folder, labels, head),
      await openModel(folder, { head: 'classifier', labels }),
    ];
    expect(after.info).toMatchObject({ headFrom: 'folder', outputs: labels });
    const [a, b] = [await before.score(sequences, ROOMY), await after.score(sequences, ROOMY)];
    expect(b.logits).toEqual(a.logits);
    const config = savedConfig(folder);
    expect(config.architectures).toEqual([
      `${CLASS_PREFIX[golden.manifest.family]}ForSequenceClassification`,
    ]);
    expect(Object.keys(config.id2label as object)).toEqual(['0', '1', '2']);
    expect(config.model_type).toBe(golden.manifest.family);
    before.dispose();
    after.dispose();
  });

  it.each(['lm', 'likelihood'] as const)(
    'saves a model with head %s that reads back identically',
    async (head) => {
      const sequences = completions(expected);
      const model = await openModel(golden.folder, { head });
      if (head === 'likelihood') await model.setLikelihood({ scale: 0.25, bias: -1.5 });
      const before = await model.score(sequences, ROOMY);
      const folder = emptyFolder();
      await model.save(folder, 'f32');
      const again = await openModel(folder, { head });
      const after = await again.score(sequences, ROOMY);
      expect(after.logProbabilities).toEqual(before.logProbabilities);
      expect(after.logits).toEqual(before.logits);
      expect(savedConfig(folder).architectures).toEqual([
        golden.manifest.family === 'gpt2'
          ? 'GPT2LMHeadModel'
          : `${CLASS_PREFIX[golden.manifest.family]}ForCausalLM`,
      ]);
      const names = [...readSafetensors(join(folder, 'model.safetensors')).keys()];
      const wanted = [...readSafetensors(join(golden.folder, 'model.safetensors')).keys()];
      expect(names.sort()).toEqual(wanted.sort());
      model.dispose();
      again.dispose();
    },
  );

  it('saves bfloat16 weights within their rounding', async () => {
    const sequences = packed(expected, 'text');
    const model = await openModel(golden.folder);
    const folder = emptyFolder();
    await model.save(folder, 'bf16');
    const again = await openModel(folder);
    const found = (await again.score(sequences, ROOMY)).logProbabilities;
    expect(relativeError(found, floats(expected, 'text.log_probabilities'))).toBeLessThan(0.05);
    expect(savedConfig(folder)).toMatchObject({ dtype: 'bfloat16' });
    model.dispose();
    again.dispose();
  });
});

it.each(goldenVariants.filter(({ manifest }) => !manifest.labels))(
  '$name saves what reads back identically',
  async (golden) => {
    const sequences = packed(expectedOf(golden), 'text');
    const model = await openModel(golden.folder);
    const folder = emptyFolder();
    await model.save(folder, 'f32');
    const again = await openModel(folder);
    const [a, b] = [await model.score(sequences, ROOMY), await again.score(sequences, ROOMY)];
    expect(b.logProbabilities).toEqual(a.logProbabilities);
    expect(readdirSync(folder).sort()).toEqual(['config.json', 'model.safetensors']);
    model.dispose();
    again.dispose();
  },
);

/** Transformers reads a classifier at the last token that is not padding: padding must not be able to end a text. */
it.each([
  ['an end-of-text token', 2, 2, null],
  ['one of several', 5, [2, 5], null],
  ['neither', 7, [2, 5], 7],
])('saves a padding token that is %s so that no text can end in it', async (_, pad, end, kept) => {
  const source = emptyFolder();
  cpSync(goldenCase('llama-grouped').folder, source, { recursive: true });
  const config = { ...savedConfig(source), pad_token_id: pad, eos_token_id: end };
  writeFileSync(join(source, 'config.json'), JSON.stringify(config));
  const model = await openModel(source, { head: 'classifier', labels: 2 });
  const folder = emptyFolder();
  await model.save(folder, 'f32');
  expect(savedConfig(folder)).toMatchObject({ pad_token_id: kept, eos_token_id: end });
  model.dispose();
});

const SCRIPT = `
import json, sys, torch
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification
found = []
for job in json.load(sys.stdin):
    kind = AutoModelForCausalLM if job["head"] == "lm" else AutoModelForSequenceClassification
    model, report = kind.from_pretrained(job["folder"], output_loading_info=True, attn_implementation="eager")
    assert not report["missing_keys"] and not report["unexpected_keys"], report
    logits = []
    for a, b in zip(job["offsets"], job["offsets"][1:]):
        tokens = torch.tensor(job["tokens"][a:b])
        out = model.eval()(tokens[None]).logits[0].detach().float()
        if job["head"] == "lm":
            out = out[:-1].log_softmax(-1).gather(1, tokens[1:, None])
        logits += out.flatten().tolist()
    found.append(logits)
print(json.dumps(found))
`;

describe.skipIf(!process.env.W2S_PYTHON)('Transformers (W2S_PYTHON)', () => {
  it('reads saved folders with the same logits', async () => {
    const jobs: { head: string; folder: string; tokens: number[]; offsets: number[] }[] = [];
    const wanted: Float32Array[] = [];
    for (const golden of goldenCases) {
      const expected = expectedOf(golden);
      const cls = packed(expected, 'cls');
      const classifier = await saveClassifier(golden, expected);
      jobs.push({
        head: 'classifier',
        folder: classifier,
        tokens: [...cls.tokens],
        offsets: [...cls.offsets],
      });
      wanted.push(floats(expected, 'cls.logits'));
      const text = packed(expected, 'text');
      const model = await openModel(golden.folder);
      const folder = emptyFolder();
      await model.save(folder, 'f32');
      model.dispose();
      jobs.push({ head: 'lm', folder, tokens: [...text.tokens], offsets: [...text.offsets] });
      wanted.push(floats(expected, 'text.log_probabilities'));
    }
    const output = execFileSync(process.env.W2S_PYTHON!, ['-c', SCRIPT], {
      input: JSON.stringify(jobs),
      encoding: 'utf8',
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    const found = JSON.parse(output) as number[][];
    found.forEach((logits, i) => {
      expect(relativeError(logits, wanted[i]!), jobs[i]!.folder).toBeLessThan(1e-5);
    });
  }, 120_000);
});
