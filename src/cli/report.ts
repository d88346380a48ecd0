/** `report FOLDER`: a table, a page and files over everything that was run into a results folder. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { W2sError } from '../errors.js';
import type { SortedRuns } from '../report/runs/index.js';
import type { Store } from '../store/index.js';
import type { Argv, Command, CommandContext } from './command.js';
import { jsonOption } from './flags.js';
import { type NextCommand, nextText, quoted } from './next.js';
import { pageLines, printJson, printText, reportPaint } from './output.js';
import { Progress } from './progress.js';
import { checkWritable } from './writable.js';

const DEFAULT_FOLDER = 'results';

export const command: Command = {
  positionals: [
    {
      name: 'FOLDER',
      describe: `A results folder: what --out named  [default: ${DEFAULT_FOLDER}]`,
      required: false,
    },
  ],
  describe:
    'Prints a table of the experiments in a results folder, each by its latest run, what analyses, chains and best-of say, and the evaluations, and draws ' +
    'FOLDER/report.html, one page that compares them and leads to the page of each.',
  options: {
    ...jsonOption,
    csv: {
      describe:
        '[FILE] Also write every number, unrounded, as CSV: into FOLDER/report.csv, or FILE; - is stdout, without the table',
      group: 'Output:',
    },
    svg: {
      describe:
        '[FILE] Also draw the chart that compares the experiments as a picture: into FOLDER/report.svg, or FILE',
      group: 'Output:',
    },
  },
  examples: [
    ['report', 'the folder that commands write to by default'],
    ['report results --csv', 'and the numbers for a spreadsheet'],
    ['report results --svg figure.svg', 'and a picture for a paper'],
  ],
  epilogue:
    'The CSV has a line of titles and a row for each result: kind (experiment or evaluation), time, dataset, data, ' +
    'weak_model, strong_model, loss, seeds, items; pgr, with pgr_reason where it is not defined, gap (ceiling − weak), ' +
    'pgr_auroc; accuracy, auroc and seconds of weak_…, student_… and ceiling_…; zero_shot_accuracy; labels_accuracy, ' +
    'labels_n; agreement, also …_supervisor_right and …_supervisor_wrong; sizes, epochs and learning rates; accuracy ' +
    'and auroc of an evaluation. Shares lie between 0 and 1, …_low and …_high are the ends of 95 % intervals, and ' +
    'what a row does not have is empty. With --json no page is drawn.',

  async run(argv, context) {
    const folder = argv._[0] ?? DEFAULT_FOLDER;
    await refuseFolders(argv);
    await checkFolder(folder);
    const files = {
      csv: await fileOf('csv', argv, folder),
      svg: await fileOf('svg', argv, folder),
    };
    const [{ openStore }, { sortRuns }] = await Promise.all([
      import('../store/index.js'),
      import('../report/runs/index.js'),
    ]);
    const warn = (message: string) => context.stderr.write(`Warning: ${message}\n`);
    const store = openStore(folder, { warn });
    const records = (await store.readRuns()).map(({ record }) => record);
    const runs = sortRuns(records);
    for (const problem of runs.problems) warn(problem);
    const isEmpty = runs.experiments.length + runs.evaluations.length + runs.studies.length === 0;
    if (argv.json === true) {
      printJson(context, { schema: 'w2s-native/report@1', runs: records.map(({ summary }) => summary) });
    } else if (files.csv !== '-') {
      const { runsReport } = await import('../report/index.js');
      const { columns } = context.stdout;
      const width = context.stdout.isTTY === true && columns ? { width: columns } : {};
      printText(context, `${runsReport(records, { paint: reportPaint(context), ...width })}\n\n`);
    }
    if (isEmpty && files.csv !== '-') return argv.json === true ? undefined : nothingYet(folder, context);
    const written = await writeFiles(runs, files, context);
    if (argv.json === true || files.csv === '-') return;
    const page = await drawPage(runs, store, context);
    if (page !== null) printText(context, `${pageLines(page, context)}\n`);
    for (const line of written) printText(context, `${line}\n`);
    const next = nextCommands(folder, files);
    if (next.length > 0) printText(context, `\n${nextText(next)}`);
  },
};

type Files = Readonly<Record<'csv' | 'svg', string | null>>;

async function checkFolder(folder: string): Promise<void> {
  const found = await stat(folder).catch(() => undefined);
  if (found?.isDirectory() === true) return;
  const why = found === undefined ? 'does not exist' : 'is a file';
  throw new W2sError('ERR_NOT_FOUND', `Expected a results folder but ${folder} ${why}.`, {
    hint: 'Run an experiment into it: npx w2s-native train --out FOLDER',
  });
}

/** `report --csv results`: the folder was taken for the flag's file. */
async function refuseFolders(argv: Argv): Promise<void> {
  if (argv._.length > 0) return;
  for (const flag of ['csv', 'svg']) {
    const value = argv[flag];
    if (typeof value !== 'string' || (await stat(value).catch(() => undefined))?.isDirectory() !== true)
      continue;
    throw new W2sError('ERR_USAGE', `Expected a file for --${flag} but received the folder ${value}.`, {
      hint: `npx w2s-native report ${quoted(value)} --${flag}`,
    });
  }
}

/** Where `--csv` or `--svg` writes to; null where it was not asked for. */
async function fileOf(flag: 'csv' | 'svg', argv: Argv, folder: string): Promise<string | null> {
  const value = argv[flag];
  if (value === undefined || value === false) return null;
  const file = value === true || value === '' ? join(folder, `report.${flag}`) : String(value);
  if (file === '-' && flag === 'csv') {
    if (argv.json !== true) return file;
    throw new W2sError('ERR_USAGE', 'Expected --json or --csv - for stdout but received both.', {
      hint: `npx w2s-native report ${quoted(folder)} --json --csv`,
    });
  }
  await checkWritable(`--${flag}`, file, `report.${flag}`);
  return file;
}

/** Writes what was asked for. @returns a line for each file */
async function writeFiles(
  runs: SortedRuns,
  { csv, svg }: Files,
  { stdout, stderr }: CommandContext,
): Promise<string[]> {
  const { runsCsv, runsSvg } = await import('../report/runs/index.js');
  const written: string[] = [];
  if (csv === '-') stdout.write(runsCsv(runs));
  else if (csv !== null) {
    await write(csv, runsCsv(runs));
    written.push(`CSV:    ${csv}`);
  }
  if (svg !== null && runs.experiments.length === 0) {
    stderr.write('Warning: no experiments to compare, so that --svg has nothing to draw\n');
  } else if (svg !== null) {
    await write(svg, await runsSvg(runs));
    written.push(`SVG:    ${svg}`);
  }
  return written;
}

async function write(file: string, text: string): Promise<void> {
  const { writeAtomically } = await import('../store/index.js');
  await writeAtomically(file, text);
}

/** The page's path; null, and a warning, where it cannot be drawn or written. */
async function drawPage(
  runs: SortedRuns,
  store: Store,
  { stderr, env }: CommandContext,
): Promise<string | null> {
  const progress = new Progress(stderr, { env });
  const warn = (message: string) => progress.note(`Warning: ${message}`);
  try {
    const { writeRunsPage } = await import('../report/runs/index.js');
    progress.start('drawing');
    return await writeRunsPage(runs, {
      store,
      warn,
      onPage: (done, total) => progress.start('drawing', `page ${done + 1} of ${total}`),
    });
  } catch (error) {
    warn(`the page could not be written. ${error instanceof Error ? error.message : String(error)}`);
    return null;
  } finally {
    progress.clear();
  }
}

function nothingYet(folder: string, context: CommandContext): void {
  const command = `npx w2s-native train --out ${quoted(folder)}`;
  printText(context, nextText([{ command, why: 'an experiment into this folder' }]));
}

function nextCommands(folder: string, { csv, svg }: Files): NextCommand[] {
  if (csv !== null || svg !== null) return [];
  return [
    {
      command: `npx w2s-native report ${quoted(folder)} --csv --svg`,
      why: 'the numbers for a spreadsheet, and the chart as a picture',
    },
  ];
}
