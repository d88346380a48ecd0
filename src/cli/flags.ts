/** Flags ↔ settings: yargs options from the keys of src/config, and what was typed as a layer. */
import type { Options } from 'yargs';
import { camel, kebab } from '../config/case.js';
import type { Key, Keys } from '../config/keys.js';
import type { Layer } from '../config/layers.js';
import { nearest } from '../config/nearest.js';
import { W2sError } from '../errors.js';
import type { Argv, Command } from './command.js';

/** Flags that every command takes. */
export const COMMON_FLAGS: readonly string[] = ['help', 'version', 'verbose'];

const CONTROL_FLAGS = [...COMMON_FLAGS, 'config', 'json'];

/** `--config` and `--json`, for commands that compute. */
export const configOption: Record<string, Options> = {
  config: {
    type: 'string',
    describe: 'YAML or JSON with the same keys as the flags, which go before it <FILE>',
    group: 'Output:',
  },
};

export const jsonOption: Record<string, Options> = {
  json: { type: 'boolean', describe: 'Print exactly one JSON document to stdout', group: 'Output:' },
};

/**
 * yargs options of a command's keys. No defaults are handed over: what nobody typed must stay unsaid, so
 * that a file or a preset can say it.
 */
export function optionsOf(
  keys: Keys,
  isHidden: (name: string) => boolean = () => false,
): Record<string, Options> {
  return Object.fromEntries(
    Object.entries(keys).map(([name, key]) => [kebab(name), optionOf(key, isHidden(name))]),
  );
}

function optionOf(key: Key, hidden: boolean): Options {
  const words = key.defaultWords ?? (key.default === undefined ? undefined : defaultText(key.default));
  const placeholder = key.placeholder === '' ? '' : ` <${key.placeholder}>`;
  return {
    type: key.isSwitch === true ? 'boolean' : 'string',
    describe: key.describe + placeholder,
    group: `${key.group}:`,
    hidden,
    ...(words === undefined ? {} : { defaultDescription: words }),
  };
}

function defaultText(value: unknown): string {
  return Array.isArray(value) ? value.join(',') : String(value);
}

/**
 * Refuses unknown flags, words that a command does not take, and missing ones.
 * @throws ERR_USAGE naming the flag and the nearest right one.
 */
export function checkArgv(name: string, command: Command, argv: Argv): void {
  const flags = [...Object.keys(command.options), ...COMMON_FLAGS];
  for (const flag of Object.keys(argv)) {
    if (flag === '_' || flag === '$0' || flags.includes(flag)) continue;
    throw unknownFlag(name, flag, flags);
  }
  const words = command.positionals ?? [];
  const extra = argv._[words.length];
  if (extra !== undefined) {
    throw new W2sError(
      'ERR_USAGE',
      `Expected a flag for w2s-native ${name} but received the word "${extra}".`,
      {
        hint: flags.includes(extra) ? `Did you mean --${extra}?` : `See: w2s-native ${name} --help`,
      },
    );
  }
  const absent = words.find((word, at) => word.required && argv._[at] === undefined);
  if (absent !== undefined) {
    throw new W2sError('ERR_USAGE', `Expected ${absent.name} for w2s-native ${name} but received nothing.`, {
      hint: `See: w2s-native ${name} --help`,
    });
  }
}

function unknownFlag(command: string, flag: string, flags: readonly string[]): W2sError {
  const dashes = flag.length === 1 ? '-' : '--';
  const near = nearest(kebab(flag), flags);
  return new W2sError(
    'ERR_USAGE',
    `Expected a flag of w2s-native ${command} but received ${dashes}${flag}.`,
    { hint: near === undefined ? `See: w2s-native ${command} --help` : `Did you mean --${near}?` },
  );
}

/**
 * What was typed, and the --config file's layer below it; strongest first.
 * @throws ERR_USAGE or ERR_CONFIG for impossible values.
 */
export async function layersFrom<R>(command: string, keys: Keys, argv: Argv): Promise<Layer<R>[]> {
  const { parseLayer } = await import('../config/layers.js');
  const typed: Record<string, unknown> = {};
  for (const [flag, value] of Object.entries(argv)) {
    if (flag === '_' || flag === '$0' || CONTROL_FLAGS.includes(flag)) continue;
    typed[camel(flag)] = value;
  }
  const layers = [parseLayer<R>(keys, typed, { kind: 'flags', command })];
  const file = argv.config;
  if (file !== undefined) {
    const { readConfigFile } = await import('../config/file.js');
    if (typeof file !== 'string' || file.trim() === '') {
      throw new W2sError('ERR_USAGE', 'Expected a file for --config but received nothing.', {
        hint: 'Try: --config experiment.yaml',
      });
    }
    layers.push(await readConfigFile<R>(file, keys, command));
  }
  return layers;
}
