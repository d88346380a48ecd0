/** `analyse NAME`: one question about weak-to-strong generalization, asked of experiments side by side. */

import {
  ANALYSIS_NAMES,
  type AnalyseConfig,
  type AnalyseRaw,
  analyseKeys,
  resolveAnalyseConfig,
} from '../config/analyse.js';
import { presets } from '../config/presets.js';
import type { AnalysisDocument } from '../metrics/index.js';
import type { Argv, Command, CommandContext } from './command.js';
import { experimentOptionsOf, layersFrom } from './flags.js';
import { pageLines, printJson, printText, reportPaint, separate } from './output.js';
import { watchRun } from './watch.js';

export const command: Command = {
  positionals: [{ name: 'NAME', describe: ANALYSIS_NAMES.join(', '), required: true }],
  describe:
    'Asks one question of experiments side by side and prints the numbers with 95 % intervals, what they say, and how to read ' +
    'them. agreement: which of its supervisor’s errors a student takes over, by size of the student. calibration: whether ' +
    'confidence keeps what it claims. errors: students of labels that are wrong equally often, in other places. leakage: PGR on ' +
    'test items that overlap with a corpus, and on clean ones. misfit: how far a student departs from its supervisor, beside ' +
    'what it gains. overfitting: the last step, the one that weak labels would stop at, and the best. saliency: what a ' +
    'probe, fine-tuning, or examples in the prompt bring out of the strong model.',
  options: experimentOptionsOf(analyseKeys),
  examples: [
    ['analyse agreement --dataset chess-legal', 'students of two sizes, one supervisor'],
    ['analyse calibration --dataset chess-legal --seed 0,1,2', 'three seeds'],
    [
      'analyse leakage --corpus corpus.txt.gz --ngram 13 --data my.csv --weak SMALL --strong LARGE',
      'your own data',
    ],
  ],
  epilogue:
    'Every flag of train is taken, those with --weak-… or --strong-… in front too. Experiments share their steps with those of ' +
    'train in the same --out: nothing is trained twice.',

  async run(argv, context) {
    const config = await analyseConfig(argv);
    const { runAnalysis } = await import('../execution/analyse/index.js');
    const watch = watchRun(context, config.train.seeds);
    const document = await runAnalysis(config, { signal: context.signal, onEvent: watch.onEvent }).finally(
      watch.close,
    );
    if (argv.json === true) printJson(context, document);
    else {
      const { analysisReport } = await import('../report/analysisReport.js');
      separate(context);
      printText(context, `${analysisReport(document, reportPaint(context))}\n`);
    }
    const page = await drawPage(document, config.train.out, context);
    if (argv.json !== true && page !== null) printText(context, `\n${pageLines(page, context)}\n`);
  },
};

async function analyseConfig(argv: Argv): Promise<AnalyseConfig> {
  const layers = await layersFrom<AnalyseRaw>('analyse', analyseKeys, argv);
  const [name] = argv._;
  const config = resolveAnalyseConfig(name, layers);
  if (Object.hasOwn(presets, config.train.dataset)) return config;
  const { resolveDataset } = await import('../data/index.js');
  return resolveAnalyseConfig(name, layers, presets, (await resolveDataset(config.train)).task);
}

/** The page's path; null, and a warning, where it cannot be drawn or written. */
async function drawPage(
  document: AnalysisDocument,
  out: string,
  { stderr }: CommandContext,
): Promise<string | null> {
  try {
    const { writeAnalysisPage } = await import('../report/html/analysisPage.js');
    return await writeAnalysisPage(document, out);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    stderr.write(`Warning: the report page could not be written. ${why}\n`);
    return null;
  }
}
