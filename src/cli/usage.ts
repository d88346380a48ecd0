/** From the words on the command line to a command's flags, by yargs; wrong words become one clear sentence. */
import yargs, { type Options } from 'yargs';
import { nearestOf } from '../config/nearest.js';
import { W2sError } from '../errors.js';
import type { Argv, Command } from './command.js';
import { withModuleFlags } from './moduleFlags.js';

const COMMON: Readonly<Record<string, Options>> = {
  help: { type: 'boolean', alias: 'h', describe: 'Show this text' },
  verbose: { type: 'boolean', describe: 'Show stack traces with errors' },
};

/** Values stay as typed: the schemas of src/config do the reading. Of a repeated flag the last wins. */
const PARSER = {
  'parse-numbers': false,
  'parse-positional-numbers': false,
  'camel-case-expansion': false,
  'dot-notation': false,
  'duplicate-arguments-array': false,
};

function parser(name: string, command: Command, words: readonly string[]) {
  const positionals = (command.positionals ?? []).map((positional) =>
    positional.required ? `<${positional.name}>` : `[${positional.name}]`,
  );
  const usage = ['Usage: w2s-native', name, ...positionals, '[options]'].join(' ');
  return yargs([...words])
    .scriptName('w2s-native')
    .parserConfiguration(PARSER)
    .usage(`${usage}\n\n${command.describe}`)
    .help(false)
    .version(false)
    .exitProcess(false)
    .wrap(Math.min(110, process.stdout.columns ?? 100));
}

/** A command's own `--help`, with the parameters of modules that the words name. */
export async function commandHelp(
  name: string,
  plain: Command,
  words: readonly string[] = [],
): Promise<string> {
  const command = await withModuleFlags(name, plain, words);
  // Without types: "[string]" behind every flag tells nobody anything.
  const untyped = Object.entries({ ...command.options, ...COMMON }).map(([flag, { type: _, ...option }]) => [
    flag,
    option,
  ]);
  const withHelp = parser(name, command, []).options(Object.fromEntries(untyped));
  for (const [line, does] of command.examples) withHelp.example(`npx w2s-native ${line}`, does);
  const described = (command.positionals ?? []).map(
    (positional) => `  ${positional.name}  ${positional.describe}`,
  );
  const closing = [...described, ...(command.epilogue ? [command.epilogue] : [])].join('\n');
  return closing === '' ? withHelp.getHelp() : withHelp.epilogue(closing).getHelp();
}

/** Rejects with ERR_USAGE naming the flag and the nearest right name. */
export async function parseFlags(name: string, plain: Command, words: readonly string[]): Promise<Argv> {
  const command = await withModuleFlags(name, plain, words);
  const options = { ...command.options, ...COMMON };
  const parsed = await parser(name, command, joinNegatives(words))
    .options(Object.fromEntries(Object.entries(options).map(([flag, option]) => [flag, lenient(option)])))
    .fail((message, error) => {
      throw usageError(name, error?.message ?? message);
    })
    .parseAsync();
  checkSwitches(name, options, words);
  const known = new Map<string, string>();
  for (const [flag, { alias }] of Object.entries(options)) {
    for (const word of [flag, ...[alias ?? []].flat()]) known.set(word, flag);
  }
  const argv: Argv = { _: parsed._.map(String) };
  for (const [key, value] of Object.entries(parsed)) {
    if (key === '_' || key === '$0') continue;
    const flag = known.get(key);
    if (flag === undefined) throw unknownFlag(name, key, Object.keys(options));
    if (value === undefined) continue;
    checkValue(name, flag, value, options[flag] ?? {});
    argv[flag] = value;
  }
  checkPositionals(name, command, argv._);
  return argv;
}

/** `--lr -1e-3` → `--lr=-1e-3`: yargs takes only the plainest negative numbers for values, and no lone dash. */
function joinNegatives(words: readonly string[]): readonly string[] {
  const joined: string[] = [];
  for (const word of words) {
    const flag = joined.at(-1);
    const takesIt = flag?.startsWith('--') === true && !flag.includes('=') && /^-(?:\.?\d|$)/.test(word);
    if (takesIt) joined[joined.length - 1] = `${flag}=${word}`;
    else joined.push(word);
  }
  return joined;
}

/** yargs takes `--json=anything` for false. */
function checkSwitches(
  name: string,
  options: Readonly<Record<string, Options>>,
  words: readonly string[],
): void {
  for (const word of words) {
    const [, flag, value] = /^--([^=]+)=(.*)$/.exec(word) ?? [];
    if (flag === undefined || options[flag]?.type !== 'boolean' || value === 'true' || value === 'false')
      continue;
    throw usageError(name, `Expected true or false for --${flag} but received "${value}".`);
  }
}

/** yargs only splits the words; missing and wrong values get our own sentences below. */
function lenient({ alias, type, array, boolean, string, default: fallback }: Options): Options {
  const kept: Options = { alias, type: type === 'number' ? 'string' : type, array, boolean, string };
  if (fallback !== undefined) kept.default = fallback;
  return Object.fromEntries(Object.entries(kept).filter(([, value]) => value !== undefined));
}

function checkValue(name: string, flag: string, value: unknown, option: Options): void {
  const takesText = option.type === 'string' || option.type === 'number' || option.string === true;
  if (takesText && value === '') throw usageError(name, `Expected a value for --${flag} but received none.`);
  if (!option.choices || value === undefined) return;
  const choices = option.choices.map(String);
  for (const one of [value].flat().map(String)) {
    if (choices.includes(one)) continue;
    const near = nearestOf(one, choices);
    throw new W2sError('ERR_USAGE', `Expected ${choices.join(', ')} for --${flag} but received ${one}.`, {
      hint: `npx w2s-native ${name} --${flag} ${near ?? choices[0]}`,
    });
  }
}

function checkPositionals(name: string, command: Command, words: readonly string[]): void {
  const positionals = command.positionals ?? [];
  const missing = positionals.filter(({ required }) => required)[words.length];
  if (missing) {
    throw usageError(
      name,
      `Expected ${missing.name} (${missing.describe}) after ${name} but received nothing.`,
    );
  }
  if (words.length > positionals.length) {
    throw usageError(
      name,
      `Expected ${positionals.length === 0 ? 'only flags' : `at most ${positionals.length} words`} after ${name} but received ${words[positionals.length]}.`,
    );
  }
}

/** What other programs call the same; by spelling they would be taken for another flag. */
const NAMES_ELSEWHERE: Readonly<Record<string, string>> = {
  'learning-rate': 'lr',
  'num-epochs': 'epochs',
  'num-train-epochs': 'epochs',
  'max-length': 'max-context',
  'max-seq-length': 'max-context',
  'output-dir': 'out',
  'weak-model': 'weak',
  'strong-model': 'strong',
  'text-column': 'text',
  'label-column': 'label',
  // Of train, to a command that has a chain in their place.
  weak: 'chain',
  strong: 'chain',
};

function unknownFlag(name: string, key: string, flags: readonly string[]): W2sError {
  const dashes = key.length === 1 ? '-' : '--';
  const elsewhere = NAMES_ELSEWHERE[key.toLowerCase().replaceAll('_', '-')];
  const near = elsewhere !== undefined && flags.includes(elsewhere) ? elsewhere : nearestOf(key, flags);
  return new W2sError('ERR_USAGE', `Expected a flag of ${name} but received ${dashes}${key}.`, {
    hint: near
      ? `Did you mean --${near}? See: npx w2s-native ${name} --help`
      : `npx w2s-native ${name} --help`,
  });
}

function usageError(name: string, message: string): W2sError {
  return new W2sError('ERR_USAGE', message, { hint: `npx w2s-native ${name} --help` });
}
