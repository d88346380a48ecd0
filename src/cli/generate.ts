/** `generate`: what a model writes behind prompts. */
import { type GenerateConfig, generateKeys } from '../config/generate.js';
import type { Continuation, GenerateDocument } from '../execution/stepDocument.js';
import type { Argv, Command } from './command.js';
import { configOption, jsonOption, stepOptionsOf } from './flags.js';
import { plural } from './measures.js';
import { commandWith, nextText } from './next.js';
import { printJson, printText, separate } from './output.js';
import { checkExportFolder, generateConfig } from './settings.js';
import { watchRun } from './watch.js';

export const command: Command = {
  describe:
    'Lets a model continue prompts: greedily, or drawn at a temperature. A continuation ends at the token that ends ' +
    'a text, after --max-new-tokens, or where the context is full. Labels and completions of the file are not read. ' +
    'What --export writes can be given to finetune as --data.',
  options: { ...stepOptionsOf(generateKeys), ...configOption, ...jsonOption },
  examples: [
    ["generate --model chess-m --prompt 'e2e4 e7e5' --max-new-tokens 4", 'the likeliest next moves'],
    [
      'generate --model ./my-model --data prompts.jsonl --n 4 --temperature 0.8 --export texts.jsonl',
      'four drawn texts for each prompt of a file',
    ],
  ],

  epilogue: 'Other flags of train are taken too, and are of no effect here.',

  async run(argv, context) {
    const config = await generateConfig(argv, context);
    await checkExportFolder(config);
    const { runGenerate } = await import('../execution/generate.js');
    const watch = watchRun(context);
    const document = await runGenerate(config, { signal: context.signal, onEvent: watch.onEvent }).finally(
      watch.close,
    );
    if (argv.json === true) return printJson(context, document);
    separate(context);
    printText(context, report(argv, config, document));
  },
};

/** Prompts whose texts are printed; a file has the others. */
const SHOWN = 10;

function report(argv: Argv, { prompt, export: file }: GenerateConfig, document: GenerateDocument): string {
  const { continuations, n, store, step } = document;
  // Nothing but the texts, for a pipe.
  if (prompt !== undefined) return continuations.map(({ text }) => text).join('\n');
  const ids = [...new Set(continuations.map((one) => one.prompt))].slice(0, SHOWN);
  const lines = ids.flatMap((id) => continuations.filter((one) => one.prompt === id).map(textLine));
  const place = file ?? `${store}/steps/${step}/predictions.jsonl`;
  const next = {
    command: commandWith('generate', argv, { export: 'texts.jsonl' }),
    why: 'the same as a file that a model can learn from; nothing is computed again',
  };
  return [
    ...lines,
    ...(n > SHOWN ? ['…'] : []),
    '',
    `Continued ${plural(n, 'prompt')}, ${plural(continuations.length, 'text')}: ${place}`,
    ...(file === undefined ? ['', nextText([next])] : []),
  ].join('\n');
}

const textLine = ({ id, text, logProbability }: Continuation): string =>
  `${id}  ${JSON.stringify(text)}  (log p ${logProbability.toFixed(2)})`;
