/** Flags ↔ settings: yargs options from the keys of src/config, and what was typed as a layer. */
import type { Options } from 'yargs';
import { camel, kebab } from '../config/case.js';
import { idleKeys, withoutIdle } from '../config/idle.js';
import type { Key, Keys } from '../config/key.js';
import { type Layer, nameOf, parseLayer } from '../config/layers.js';
import { W2sError } from '../errors.js';
import type { Argv, CommandContext } from './command.js';

/** Flags that are no settings. */
const CONTROL_FLAGS = ['help', 'verbose', 'config', 'json', 'report'];

/** `--config` and `--json`, for commands that compute. */
export const configOption: Record<string, Options> = {
  config: {
    type: 'string',
    describe: '<FILE> YAML or JSON with the same keys as the flags, which go before it',
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
  const placeholder = key.placeholder === '' ? '' : `<${key.placeholder}> `;
  return {
    type: key.isSwitch === true ? 'boolean' : 'string',
    describe: placeholder + key.describe,
    group: `${key.group}:`,
    hidden,
    ...(words === undefined ? {} : { defaultDescription: words }),
  };
}

function defaultText(value: unknown): string {
  if (typeof value === 'number' && value > 0 && value < 1e-3) return value.toExponential();
  return Array.isArray(value) ? value.join(',') : String(value);
}

/** Options of a command of one step: those it uses, and hidden the others of `train`, which it takes as well. */
export function stepOptionsOf(keys: Keys): Record<string, Options> {
  const idle = idleKeys(keys);
  return optionsOf({ ...keys, ...idle }, (name) => Object.hasOwn(idle, name));
}

/** What was typed for a command of one step; settings that it has no use for are named on stderr. */
export async function stepLayersFrom<R>(
  command: string,
  keys: Keys,
  argv: Argv,
  { stderr }: Pick<CommandContext, 'stderr'>,
): Promise<Layer<R>[]> {
  const idle = idleKeys(keys);
  const layers = await layersFrom<R>(command, { ...keys, ...idle }, argv);
  return layers.map((full) => {
    const { layer, dropped } = withoutIdle(full, idle);
    for (const name of dropped) {
      stderr.write(`${nameOf(name, layer.origin)} is of no effect on ${command}\n`);
    }
    return layer;
  });
}

/**
 * What was typed, and the --config file's layer below it; strongest first.
 * @throws ERR_USAGE or ERR_CONFIG for impossible values.
 */
export async function layersFrom<R>(command: string, keys: Keys, argv: Argv): Promise<Layer<R>[]> {
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
