/** `models`: what can be used without a download. */
import { type Column, textTable } from '../report/index.js';
import type { Command } from './command.js';
import { jsonOption } from './flags.js';
import { printJson, printText, reportPaint } from './output.js';

const COLUMNS: readonly Column[] = [
  { title: 'model' },
  { title: 'family' },
  { title: 'parameters', align: 'right' },
  { title: 'context', align: 'right' },
  { title: 'from' },
];

export const command: Command = {
  describe: 'Lists the models that are built in, and those that were fetched from the hub before.',
  options: { ...jsonOption },
  examples: [['models', 'names to give to --weak, --strong and --model']],
  epilogue:
    'Any Hugging Face folder of a known family, or its name on the hub, is a model too: --strong ./my-model, --strong openai-community/gpt2',

  async run(argv, context) {
    const { listModels } = await import('../models/index.js');
    const models = await listModels();
    if (argv.json === true) {
      printJson(context, { schema: 'w2s-native/models@1', models: models.map(shownModel) });
      return;
    }
    if (models.length === 0) {
      printText(context, 'No model is built in or cached; name a folder or a model on the hub.');
      return;
    }
    const rows = models.map(({ name, family, parameters, contextLength, from }) => [
      name,
      family,
      parameters === undefined ? '–' : millions(parameters),
      String(contextLength),
      from,
    ]);
    printText(context, textTable(COLUMNS, rows, reportPaint(context)));
  },
};

function shownModel({ name, family, parameters, contextLength, from }: ListedFields): ListedFields {
  return { name, family, ...(parameters === undefined ? {} : { parameters }), contextLength, from };
}

interface ListedFields {
  name: string;
  family: string;
  parameters?: number;
  contextLength: number;
  from: string;
}

function millions(count: number): string {
  return count < 1e7 ? `${(count / 1e6).toFixed(2)} M` : `${Math.round(count / 1e6)} M`;
}
