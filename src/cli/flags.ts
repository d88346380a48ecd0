/** Flags ↔ settings: yargs options from the keys of src/config, and what was typed as a layer. */
import type { Options } from 'yargs';
import { camel, prefixed } from '../config/case.js';
import { idleKeys, withoutIdle } from '../config/idle.js';
import type { Keys } from '../config/key.js';
import { modelKeys } from '../config/keys.js';
import { type Layer, nameOf, parseLayer } from '../config/layers.js';
import { W2sError } from '../errors.js';
import type { Argv, CommandContext } from './command.js';
import { namesModule, typedParams } from './moduleFlags.js';
import { optionsOf } from './options.js';

export { optionsOf };

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

/** `--no-report`, of commands that draw a page. */
export const reportOption: Record<string, Options> = {
  report: {
    type: 'boolean',
    describe: 'Draw the HTML page of the result, into reports/ of --out; --no-report leaves it',
    group: 'Output:',
    defaultDescription: 'on',
  },
};

/** Flags for one model are many and all alike: one line at the end of --help stands for them. */
const FOR_ONE_MODEL: ReadonlySet<string> = new Set(
  Object.keys(modelKeys).flatMap((key) => [prefixed('weak', key), prefixed('strong', key)]),
);

/** Options of a command of a whole experiment. */
export function experimentOptionsOf(keys: Keys): Record<string, Options> {
  return { ...optionsOf(keys, (name) => FOR_ONE_MODEL.has(name)), ...configOption, ...jsonOption };
}

/** Options of a command of one step: those it uses, and hidden the others of `train`, which it takes as well. */
export function stepOptionsOf(keys: Keys): Record<string, Options> {
  const idle = idleKeys(keys);
  return optionsOf({ ...keys, ...idle }, (name) => Object.hasOwn(idle, name));
}

/** What was typed for a command of one step; settings that it has no use for are named on stderr. */
export async function stepLayersFrom<R extends object>(
  command: string,
  keys: Keys,
  argv: Argv,
  { stderr }: Pick<CommandContext, 'stderr'>,
): Promise<Layer<R>[]> {
  const idle = idleKeys(keys);
  const layers = await layersFrom<R>(command, { ...keys, ...idle }, argv);
  return layers.map((full) => {
    const { layer, dropped } = withoutIdle(full, idle);
    // Parameters of a module are said with its name.
    for (const name of dropped.filter((one) => idle[one]?.notAsFlag !== true)) {
      stderr.write(`${nameOf(name, layer.origin)} is of no effect on ${command}\n`);
    }
    return layer;
  });
}

/**
 * What was typed, and the --config file's layer below it; strongest first.
 * @throws ERR_USAGE or ERR_CONFIG for impossible values.
 */
export async function layersFrom<R extends object>(
  command: string,
  keys: Keys,
  argv: Argv,
): Promise<Layer<R>[]> {
  const origin = { kind: 'flags', command } as const;
  const params = await typedParams(command, argv);
  const typed: Record<string, unknown> = {};
  for (const [flag, value] of Object.entries(argv)) {
    if (flag === '_' || flag === '$0' || CONTROL_FLAGS.includes(flag) || params.flags.has(flag)) continue;
    typed[camel(flag)] = value;
  }
  const typedLayer = parseLayer<R>(keys, typed, origin);
  const layers: Layer<R>[] = [{ ...typedLayer, values: { ...typedLayer.values, ...params.values } }];
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
  if (!layers.some(({ values }) => namesModule(values as Readonly<Record<string, unknown>>))) return layers;
  const { withUserModules } = await import('../execution/userModules.js');
  return [...(await withUserModules(layers))];
}
