/** `run`: an experiment that a user defines. */
import { presets } from '../config/presets.js';
import { allRunKeys, type RunRaw, resolveRunConfig } from '../config/run.js';
import type { Command } from './command.js';
import { experimentOptionsOf, layersFrom } from './flags.js';
import { printJson, printText, reportPaint, separate } from './output.js';
import { withTask } from './settings.js';
import { watchRun } from './watch.js';

export const command: Command = {
  positionals: [
    {
      name: 'FILE',
      describe: 'JavaScript or TypeScript module that exports what defineExperiment made',
      required: true,
    },
  ],
  takesExperiment: true,
  describe:
    'Runs an experiment of your own: a function from settings to a plan of the same steps that train is made of. ' +
    'Prints the accuracy of every model that it evaluates with a 95 % interval, and the performance gap recovered ' +
    'where they are named weak, student and ceiling. Its parameters are flags: run FILE --help lists them.',
  options: experimentOptionsOf(allRunKeys),
  examples: [
    ['run ./my-experiment.mjs', 'on the built-in data'],
    ['run ./my-experiment.mjs --dataset chess-legal --seed 0,1,2', 'with flags of train'],
  ],
  epilogue:
    'Every flag of Training also exists with --weak-… or --strong-… in front and then holds for that model alone. ' +
    'Steps that are in the store (--out) are not run again, whichever experiment they come from.',

  async run(argv, context) {
    const layers = await layersFrom<RunRaw>('run', allRunKeys, argv);
    const { openExperiment, runOpened } = await import('../execution/experiment.js');
    const opened = await openExperiment(argv._[0] ?? '', layers);
    const config = await withTask(layers, (task) => resolveRunConfig(layers, opened.identity, presets, task));
    const watch = watchRun(context, config.seeds);
    const document = await runOpened(config, opened, {
      signal: context.signal,
      onEvent: watch.onEvent,
    }).finally(watch.close);
    if (argv.json === true) return printJson(context, document);
    const { experimentReport } = await import('../report/experimentReport.js');
    separate(context);
    printText(context, experimentReport(document, reportPaint(context)));
  },
};
