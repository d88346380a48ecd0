/** `datasets`: what data is built in and which formats are known; `datasets show NAME` prints examples. */
import type { Options } from 'yargs';
import type { Raw } from '../config/key.js';
import { dataKeys } from '../config/keys.js';
import { isModuleFile } from '../config/modulePath.js';
import { nearest } from '../config/nearest.js';
import type { BuiltInDataset } from '../data/formats/index.js';
import type { LoadedExamples } from '../data/index.js';
import type { Example, FileRole, ResolvedDataset, SplitPart } from '../data/types.js';
import { W2sError } from '../errors.js';
import { visible } from '../report/charts/text.js';
import { type Column, textTable } from '../report/index.js';
import type { Argv, Command, CommandContext } from './command.js';
import { jsonOption, layersFrom, optionsOf } from './flags.js';
import { printJson, printText, reportPaint } from './output.js';

const DEFAULT_ROWS = 5;

const { dataset: _named, ...fileKeys } = dataKeys;

const options: Record<string, Options> = {
  rows: {
    type: 'string',
    describe: '<N> Examples that show prints',
    defaultDescription: String(DEFAULT_ROWS),
  },
  ...optionsOf(fileKeys),
  ...jsonOption,
};

export const command: Command = {
  positionals: [
    {
      name: 'show',
      describe: 'Print formatted examples, and what the data set is a case of',
      required: false,
    },
    {
      name: 'NAME',
      describe: 'A built-in data set, a format, or a file of your own or on the hub',
      required: false,
    },
  ],
  describe: 'Lists the data sets that are built in and the formats that --dataset takes.',
  options,
  examples: [
    ['datasets', 'names to give to --dataset'],
    ['datasets show chess-legal', 'a look at its examples'],
    ['datasets show my.csv --text review --label stars', 'how a file of your own is read'],
    ['datasets show sciq --rows 10', 'a published data set, fetched once'],
    ['datasets show sciq --data train.json', 'the same from a file that you have'],
  ],

  async run(argv, context) {
    const [verb, named] = argv._;
    const name = named ?? (argv.data === undefined ? undefined : 'columns');
    if (verb === undefined) return list(argv, context);
    if (verb !== 'show') {
      throw new W2sError('ERR_USAGE', `Expected show after datasets but received ${verb}.`, {
        hint: `Did you mean: npx w2s-native datasets show ${name ?? (nearest(verb, ['show']) ? 'NAME' : verb)}`,
      });
    }
    if (name === undefined) {
      throw new W2sError('ERR_USAGE', 'Expected a name after datasets show but received nothing.', {
        hint: 'See: npx w2s-native datasets',
      });
    }
    return show(name, argv, context);
  },
};

const LIST_COLUMNS: readonly Column[] = [
  { title: 'data set' },
  { title: 'task' },
  { title: 'case' },
  { title: '' },
];

const FORMAT_COLUMNS: readonly Column[] = [{ title: 'format' }, { title: 'on the hub' }, { title: '' }];

async function list(argv: Argv, context: CommandContext): Promise<void> {
  const { builtInDataset, builtInNames, FORMATS } = await import('../data/formats/index.js');
  const found = await Promise.all((await builtInNames()).map((name) => builtInDataset(name)));
  const sets = found.filter((set) => set !== undefined);
  if (argv.json === true) {
    const formats = FORMATS.map(({ name }) => name);
    const about = FORMATS.map(({ name, about, example, classes, hub }) => ({
      name,
      about,
      classes: classes ?? [],
      hub: hub === undefined ? null : { config: 'default', ...hub },
      example: `npx w2s-native ${example ?? ''}`,
    }));
    printJson(context, {
      schema: 'w2s-native/datasets@1',
      datasets: sets.map(factsOf),
      formats,
      formatFacts: about,
    });
    return;
  }
  const paint = reportPaint(context);
  const rows = sets.map((set) => [set.name, set.task, caseWords(set.case), set.description]);
  const formats = FORMATS.flatMap(({ name, about, hub, example }) => [
    [name, hub?.repo ?? '', about],
    ...(hub !== undefined || example === undefined ? [] : [['', '', paint.dim(`npx w2s-native ${example}`)]]),
  ]);
  printText(
    context,
    [
      textTable(LIST_COLUMNS, rows, paint),
      'Formats of published data sets and of files of your own:',
      textTable(FORMAT_COLUMNS, formats, paint),
      [
        'Published, fetched once:   npx w2s-native train --dataset sciq --weak MODEL --strong MODEL',
        'A file of your own:        npx w2s-native train --data FILE --weak MODEL --strong MODEL',
        'A published one of yours:  npx w2s-native train --dataset sciq --data FILE --test-data FILE …',
        'A file on the hub:         --data hf://datasets/OWNER/NAME/PATH',
        'A look at any of them:     npx w2s-native datasets show NAME',
      ].join('\n'),
    ].join('\n\n'),
  );
}

function factsOf({ name, task, classes, description, case: what }: BuiltInDataset) {
  return { name, task, classes: classes ?? [], description, case: what };
}

/** What a case means, in words. */
function caseWords(what: string): string {
  if (what === 'positive') return 'positive: weak-to-strong shows';
  if (what === 'negative') return "negative: the student takes over most of its supervisor's mistakes";
  return what;
}

async function show(name: string, argv: Argv, context: CommandContext): Promise<void> {
  const wanted = rowsWanted(argv.rows);
  const { builtInDataset } = await import('../data/formats/index.js');
  const builtIn = await builtInDataset(name);
  const { dataset, dataSeed } = await datasetOf(name, builtIn !== undefined, argv);
  const parts = await loadParts(dataset, dataSeed);
  const first = parts[0]?.[1];
  if (first === undefined) throw new W2sError('ERR_DATA', `Expected rows in ${name} but there are none.`);
  const rows = first.rows.slice(0, wanted);
  const counts = Object.fromEntries(parts.map(([role, { rows: all }]) => [role, all.length]));
  if (argv.json === true) {
    const facts =
      builtIn === undefined ? { name, task: dataset.task, classes: first.classes } : factsOf(builtIn);
    printJson(context, { schema: 'w2s-native/dataset@1', ...facts, rows: counts, examples: rows });
    return;
  }
  const { bold, dim } = reportPaint(context);
  const head = [bold(builtIn === undefined ? name : `${name}: ${builtIn.description}`)];
  if (builtIn !== undefined) head.push(`Case       ${caseWords(builtIn.case)}`);
  head.push(`Task       ${dataset.task}${first.classes.length > 0 ? ` (${first.classes.join(', ')})` : ''}`);
  head.push(`Rows       ${parts.map(([role, part]) => `${role} ${countText(part)}`).join('; ')}`);
  for (const [role, { skipped, firstProblem }] of parts) {
    if (skipped > 0) head.push(`Left out   ${role} ${skipped}; the first: ${firstProblem}`);
  }
  const shownRows = rows.map((row) => exampleText(row, first.classes, dim));
  printText(context, [head.join('\n'), ...shownRows].join('\n\n'));
}

/** What is named: a built-in data set, a format with its files, or a file. */
async function datasetOf(name: string, isBuiltIn: boolean, argv: Argv) {
  const [given] = await layersFrom<Raw<typeof fileKeys>>(
    'datasets',
    fileKeys,
    Object.fromEntries(Object.entries(argv).filter(([flag]) => flag !== 'rows' && flag !== 'json')) as Argv,
  );
  const { resolveDataset } = await import('../data/index.js');
  const { dataSeed = 0, ...values } = given?.values ?? {};
  const said = Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
  const isFile = !isBuiltIn && /[./\\]/.test(name) && !isModuleFile(name);
  return {
    dataset: await resolveDataset(isFile ? { data: name, ...said } : { dataset: name, ...said }),
    dataSeed,
  };
}

/** `1200 (600 negative, 600 positive)`. */
function countText({ rows, classes }: LoadedExamples): string {
  const counts = classes.map(() => 0);
  for (const { label } of rows) {
    const sure = label?.indexOf(1) ?? -1;
    if (sure >= 0) counts[sure] = (counts[sure] ?? 0) + 1;
  }
  if (!counts.some((count) => count > 0)) return String(rows.length);
  return `${rows.length} (${counts.map((count, k) => `${count} ${classes[k]}`).join(', ')})`;
}

function rowsWanted(typed: unknown): number {
  if (typed === undefined) return DEFAULT_ROWS;
  const count = Number(typed);
  if (typeof typed === 'string' && /^\d+$/.test(typed) && count >= 1) return count;
  throw new W2sError(
    'ERR_USAGE',
    `Expected a whole number of at least 1 for --rows but received "${typed}".`,
    {
      hint: 'Try: --rows 10',
    },
  );
}

const PARTS: readonly (readonly [FileRole, SplitPart])[] = [
  ['train', 'all-train'],
  ['test', 'all-test'],
];

async function loadParts(dataset: ResolvedDataset, dataSeed: number): Promise<[FileRole, LoadedExamples][]> {
  const { loadSplit } = await import('../data/index.js');
  const loaded: [FileRole, LoadedExamples][] = [];
  for (const [role, part] of PARTS) {
    if (dataset.spec.files[role] === undefined) continue;
    const split = { dataset: dataset.spec, part, seed: 0, dataSeed, trainSize: null, testSize: null };
    loaded.push([role, await loadSplit(split, dataset.task, dataset.locations, { labels: true })]);
  }
  return loaded;
}

const LONGEST = 600;

/** The beginning and the end: what is asked often stands at the end. */
function shortened(text: string): string {
  if (text.length <= LONGEST) return text;
  return `${text.slice(0, LONGEST / 2)} … ${text.slice(-LONGEST / 2)}`;
}

function exampleText(row: Example, classes: readonly string[], dim: (text: string) => string): string {
  const fields: [string, string | undefined][] = [
    ['text', row.text],
    ['prompt', row.prompt],
    ...completionFields(row.completions ?? []),
    ['label', row.label === undefined ? undefined : labelText(row.label, classes)],
  ];
  const lines = fields.flatMap(([name, value]) =>
    value === undefined
      ? []
      : [`${name.padEnd(11)}${visible(shortened(value)).replace(/\n(?=.)/g, `\n${' '.repeat(11)}`)}`],
  );
  const group = row.group === row.id ? '' : `, group ${row.group}`;
  return [dim(visible(`row ${row.row}, id ${row.id}${group}`)), ...lines].join('\n');
}

/** One completion, or the two of a preference in the order that the coin gave them. */
function completionFields(completions: readonly string[]): [string, string][] {
  if (completions.length < 2) return completions.map((text) => ['completion', text]);
  return completions.map((text, i) => [i === 0 ? 'first' : 'second', text]);
}

function labelText(label: readonly number[], classes: readonly string[]): string {
  const sure = label.indexOf(1);
  if (sure !== -1) return classes[sure] ?? String(sure);
  return label.map((p, index) => `${classes[index] ?? index} ${p}`).join(', ');
}
