/** The reference of the command line, as Markdown, out of the definitions that --help and the checks read. */
import type { Options } from 'yargs';
import type { Command } from '../../src/cli/command.js';
import { COMMANDS, type TableEntry } from '../../src/cli/table.js';
import { benchKeys } from '../../src/config/bench.js';
import { camel, kebab } from '../../src/config/case.js';
import type { Keys } from '../../src/config/key.js';
import { evaluateKeys, finetuneKeys, labelKeys } from '../../src/config/keys.js';
import { presets } from '../../src/config/presets.js';
import { allTrainKeys } from '../../src/config/train.js';
import { ERROR_EXIT_CODES, EXIT } from '../../src/errors.js';
import { code, lines, type Row, section, table } from './markdown.js';

/** What each exit code means; the type keeps the list whole. */
const EXIT_WORDS: Record<keyof typeof EXIT, string> = {
  done: 'done',
  unexpected: 'a failure that nobody foresaw',
  usage: 'a flag, a setting or a --config file is wrong',
  environment: 'libtorch, the device, the build, the network or the disk',
  data: 'data, weights, a tokenizer or a results folder',
  outOfMemory: 'out of memory',
  diverged: 'the loss is no longer a finite number',
  interrupted: 'interrupted by Ctrl-C; the same command goes on where it stopped',
};

/** Variables of the environment that `src/` reads; a test holds the list against the sources. */
export const ENVIRONMENT: Readonly<Record<string, string>> = {
  W2S_CACHE:
    'folder of libtorch, built addons, and models and data from the hub; default: `$XDG_CACHE_HOME/w2s-native`, else `~/.cache/w2s-native` (macOS: `~/Library/Caches/w2s-native`)',
  W2S_LIBTORCH: 'folder with `lib` and `include` of the libtorch to use, before any other',
  HF_ENDPOINT: 'hub to fetch models and data from, instead of the public one',
  HF_TOKEN: 'sent to the hub, for models and data that are not public',
  HF_HUB_OFFLINE: '`1`: the hub is not asked; what was fetched before is used',
  OMP_NUM_THREADS: 'CPU threads where `--threads` says nothing',
  MKL_NUM_THREADS: 'the same, where OMP_NUM_THREADS is not set',
  CXX: 'compiler of the addon, and of the CUDA library the host compiler',
  NO_COLOR: 'not empty: no colours',
  FORCE_COLOR: 'colours where stdout is no terminal; before `NO_COLOR`; `0`: none',
};

/** Settings with their kinds and defaults, of the commands that have any. */
const KEYS_OF: Readonly<Record<string, Keys>> = {
  train: allTrainKeys,
  finetune: finetuneKeys,
  label: labelKeys,
  evaluate: evaluateKeys,
  bench: benchKeys,
};

/** The whole page. */
export async function cliReference(): Promise<string> {
  const commands: string[] = [];
  // One after the other: jiti hands out half-loaded modules to imports that overlap.
  for (const entry of COMMANDS) commands.push(commandSection(entry, (await entry.load()).command));
  return lines(
    '# Command line',
    '<!-- Written by `npm run docs` from src/cli and src/config. Change it there. -->',
    'Every flag of `train`, `finetune`, `label` and `evaluate` is also a key of the YAML or JSON file given with `--config`, and of the call from Node, where it is written in camelCase (`--head-lr` is `headLr`). Flags go before the file, the file before what a built-in data set brings along, and that before the defaults below.',
    'Results go to stdout, progress and errors to stderr. With `--json` the result is one JSON document, which names its format in `schema`; the fields of [`train`](api.md#traindocument), [`finetune`, `label`](api.md#stepdocument) and [`evaluate`](api.md#evaluatedocument) are those of the calls from Node.',
    table(
      ['command', 'does'],
      COMMANDS.map(({ name, summary }) => [`[${code(name)}](#${name})`, summary]),
    ),
    section(2, 'Options of every command', [
      table(
        ['option', 'does'],
        [
          [code('--help'), 'prints the options; without a command, the commands'],
          [code('--verbose'), 'prints stack traces with errors'],
          [code('--version'), 'prints the version; without a command'],
        ],
      ),
    ]),
    ...commands,
    settingsOfDatasets(),
    exitCodes(),
    environment(),
  );
}

function commandSection({ name }: TableEntry, command: Command): string {
  const words = (command.positionals ?? []).map((word) => (word.required ? word.name : `[${word.name}]`));
  const examples = command.examples.map(([line, does]) => `# ${does}\nw2s-native ${line}`);
  return section(2, name, [
    `${code(['w2s-native', name, ...words, '[options]'].join(' '))}`,
    command.describe,
    ...(command.positionals?.length
      ? [
          table(
            ['word', 'is'],
            command.positionals.map((word) => [code(word.name), word.describe]),
          ),
        ]
      : []),
    ...flagTables(name, command),
    ...(command.epilogue ? [command.epilogue] : []),
    `\`\`\`sh\n${examples.join('\n')}\n\`\`\``,
  ]);
}

/** One table for each group of --help, in its order; hidden flags are told of by the command's epilogue. */
function flagTables(name: string, { options }: Command): string[] {
  const groups = new Map<string, Row[]>();
  for (const [flag, option] of Object.entries(options)) {
    if (option.hidden === true) continue;
    const group = (option.group ?? 'Options').replace(/:$/, '');
    groups.set(group, [...(groups.get(group) ?? []), flagRow(name, flag, option)]);
  }
  return [...groups].map(([group, rows]) =>
    lines(`**${group}**`, table(['flag', 'value', 'default', 'what it is'], rows)),
  );
}

function flagRow(command: string, flag: string, option: Options): Row {
  const key = KEYS_OF[command]?.[camel(flag)];
  const { placeholder, words, fallback } = splitDescription(option);
  // `a|b` is said better by "a or b".
  const typed = placeholder === '' || placeholder.includes('|') ? `--${flag}` : `--${flag} ${placeholder}`;
  return [
    code(typed),
    option.type === 'boolean' ? 'switch' : (key?.expects ?? option.choices?.map(String).join(' or ') ?? ''),
    option.defaultDescription ?? fallback,
    words,
  ];
}

/** `<FILE> What it is  [default: x]` in its parts. */
function splitDescription({ describe = '' }: Options) {
  const [, placeholder = '', words = '', fallback = ''] =
    /^(?:<([^>]*)> )?(.*?)(?:\s+\[default: (.*)\])?$/s.exec(describe) ?? [];
  return { placeholder, words, fallback };
}

function settingsOfDatasets(): string {
  const rows = Object.entries(presets).map(([name, { task, settings }]) => {
    const flags = Object.entries(settings).map(([key, value]) => `--${kebab(key)} ${String(value)}`);
    return [code(name), task, code(flags.join(' '))];
  });
  return section(2, 'What built-in data sets bring along', [
    'Settings that hold where neither a flag nor a file says otherwise.',
    table(['data set', 'task', 'settings'], rows),
  ]);
}

function exitCodes(): string {
  const rows = Object.entries(EXIT).map(([name, exit]) => {
    const codes = Object.entries(ERROR_EXIT_CODES).filter(([, of]) => of === exit);
    const words = EXIT_WORDS[name as keyof typeof EXIT];
    return [String(exit), words, codes.map(([error]) => code(error)).join(', ')];
  });
  return section(2, 'Exit codes', [
    'The codes are those of `W2sError` in calls from Node.',
    table(['exit code', 'means', 'error codes'], rows),
  ]);
}

function environment(): string {
  const rows = Object.entries(ENVIRONMENT).map(([name, what]) => [code(name), what]);
  return section(2, 'Environment', [table(['variable', 'is'], rows)]);
}
