/** The configuration of `generate`: what a model writes behind prompts. Pure. */
import { key, type Raw } from './key.js';
import { labelKeys } from './keys.js';
import { type Layer, missing, settingError } from './layers.js';
import { type DatasetPreset, presets } from './presets.js';
import { checkExportName, layersOf, resolveCommon, type StepConfig } from './steps.js';
import { numberBetween, text, wholeNumber } from './values.js';

const {
  head: _head,
  seed: _seed,
  answers: _answers,
  answerVocabulary: _vocabulary,
  ...readingKeys
} = labelKeys;
const { model, dataset, data, template, export: exportKey, ...others } = readingKeys;

export const generateKeys = {
  model,
  prompt: key(text('a text', 'TEXT'), {
    group: 'Data',
    describe: 'One prompt, instead of --data: what is written behind it goes to stdout',
  }),
  dataset: { ...dataset, defaultWords: 'columns with --data' },
  data: { ...data, describe: 'Prompts as JSONL, JSON, CSV, TSV or Parquet: a column prompt or text' },
  n: key(wholeNumber(1, 100_000), {
    group: 'Experiment',
    describe: 'Continuations of each prompt',
    default: 1,
  }),
  temperature: key(numberBetween(0, 1e6), {
    group: 'Experiment',
    describe: 'What logits are divided by before a token is drawn; 0: the likeliest token each time',
    defaultWords: '0; 1 with --n above 1',
  }),
  topP: key(numberBetween(0, 1), {
    group: 'Experiment',
    describe: 'Draw from the likeliest tokens whose probabilities reach this sum',
    default: 1,
  }),
  seed: key(wholeNumber(0), {
    group: 'Experiment',
    describe: 'Seed of the draws; each prompt and continuation has a stream of its own',
    default: 0,
  }),
  ...others,
  template: { ...template, defaultWords: 'the prompt as it is' },
  export: {
    ...exportKey,
    describe:
      'Write id, prompt, label (what was written) and log p of each text to FILE.jsonl or FILE.parquet',
  },
} as const;

/**
 * Settings of `generate`: its flags in camelCase.
 * @interface
 */
export type GenerateRaw = Raw<typeof generateKeys>;

export interface GenerateConfig extends StepConfig {
  /** Instead of `data`. */
  prompt?: string;
  n: number;
  temperature: number;
  topP: number;
  seed: number;
  /** Absent: as long as the model learned, else 64. */
  maxNewTokens?: number;
  maxContext: number | null;
  dtype: 'f32' | 'bf16';
  /** What a prompt is put into; `{text}` stands for it. */
  template?: string;
  export?: string;
}

/** Resolves `generate`. @throws ERR_USAGE (flags) or ERR_CONFIG for impossible and contradictory settings. */
export function resolveGenerateConfig(
  input: GenerateRaw | readonly Layer<GenerateRaw>[],
  known: Readonly<Record<string, DatasetPreset>> = presets,
): GenerateConfig {
  const said = layersOf<GenerateRaw>('generate', generateKeys, input);
  const prompt = said.find('prompt');
  const rows = said.find('data', 'dataset');
  if (prompt !== undefined && rows !== undefined) {
    throw settingError(
      prompt.origin,
      'Expected one of --prompt and --data but received both.',
      'Leave out one.',
    );
  }
  if (prompt === undefined && rows === undefined) {
    throw missing(said.origin, 'prompt', 'or --data for generate', "Try: --prompt 'e2e4 e7e5'");
  }
  const common = resolveCommon('generate', said, known, prompt === undefined);
  const { device } = known[common.dataset]?.settings ?? {};
  const file = said.find('export');
  if (file !== undefined) checkExportName(file);
  const maxNewTokens = said.maybe('maxNewTokens');
  const template = said.find('template');
  if (template !== undefined && template.value.split('{text}').length !== 2) {
    throw settingError(
      template.origin,
      `Expected {text} once for --template but received ${JSON.stringify(template.value)}.`,
      "Try: --template 'Question: {text}\\nAnswer:'",
    );
  }
  return {
    ...common,
    device: said.maybe('device') ?? device ?? common.device,
    ...(prompt === undefined ? {} : { prompt: prompt.value }),
    ...resolveSampling(said),
    ...(maxNewTokens === undefined ? {} : { maxNewTokens }),
    maxContext: said.maybe('maxContext') ?? null,
    dtype: said.value('dtype'),
    ...(template === undefined ? {} : { template: template.value.replaceAll('\\n', '\n') }),
    ...(file === undefined ? {} : { export: file.value }),
  };
}

type Said = ReturnType<typeof layersOf<GenerateRaw>>;

/** Greedy continuations of one prompt are all the same, and nothing is drawn in making them. */
function resolveSampling(said: Said): Pick<GenerateConfig, 'n' | 'temperature' | 'topP' | 'seed'> {
  const n = said.value('n');
  const found = said.find('temperature');
  const temperature = found?.value ?? (n > 1 ? 1 : 0);
  if (found !== undefined && found.value === 0 && n > 1) {
    throw settingError(
      found.origin,
      `Expected a temperature above 0 for ${n} continuations of each prompt but received 0: all would be the same.`,
      'Draw them: --temperature 1, or leave out --n',
    );
  }
  const topP = said.find('topP');
  if (topP !== undefined && (topP.value === 0 || temperature === 0)) {
    throw settingError(
      topP.origin,
      topP.value === 0
        ? 'Expected a number above 0, up to 1, for --top-p but received 0.'
        : 'Expected a temperature above 0 with --top-p but received 0: nothing is drawn.',
      'Try: --temperature 1 --top-p 0.9',
    );
  }
  return { n, temperature, topP: topP?.value ?? 1, seed: temperature === 0 ? 0 : said.value('seed') };
}
