/** `report FOLDER`: a table over everything that was run into a results folder. */
import { stat } from 'node:fs/promises';
import { W2sError } from '../errors.js';
import type { Command } from './command.js';
import { jsonOption } from './flags.js';
import { printJson, printText, reportPaint } from './output.js';

export const command: Command = {
  positionals: [{ name: 'FOLDER', describe: 'A results folder: what --out named', required: true }],
  describe: 'Prints a table of the experiments and evaluations in a results folder, each by its latest run.',
  options: { ...jsonOption },
  examples: [['report results', 'the folder that commands write to by default']],

  async run(argv, context) {
    const folder = argv._[0] ?? '';
    const found = await stat(folder).catch(() => undefined);
    if (found === undefined || !found.isDirectory()) {
      const why = found === undefined ? 'does not exist' : 'is a file';
      throw new W2sError('ERR_NOT_FOUND', `Expected a results folder but ${folder} ${why}.`, {
        hint: 'Run an experiment into it: w2s-native train --out FOLDER',
      });
    }
    const [{ openStore }, { runsReport }] = await Promise.all([
      import('../store/index.js'),
      import('../report/index.js'),
    ]);
    const runs = (await openStore(folder).readRuns()).map(({ record }) => record);
    if (argv.json === true) {
      printJson(context, { schema: 'w2s-native/report@1', runs: runs.map(({ summary }) => summary) });
      return;
    }
    printText(context, runsReport(runs, reportPaint(context)));
  },
};
