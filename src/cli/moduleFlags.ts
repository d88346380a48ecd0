/**
 * Flags that a module brings: `--loss ./my-loss.mjs --gamma 3`. The module must be loaded before flags can be parsed,
 * so it is looked for in the words as they were typed, and in the --config file that they name.
 */
import { camel, kebab } from '../config/case.js';
import { parseLayer } from '../config/layers.js';
import { MODULE_SETTINGS, type ModuleSetting, type Named, paramsOf } from '../config/moduleKeys.js';
import { checkClashes, type ModuleParams } from '../config/moduleParams.js';
import { isModuleFile, isModulePath } from '../config/modulePath.js';
import { loadUserModule } from '../config/userModule.js';
import type { Argv, Command } from './command.js';
import { optionsOf } from './options.js';

type Values = Readonly<Record<string, unknown>>;

/** Where a command's words say things: each gives the value of a flag, or undefined. */
interface Said {
  flag(name: string): unknown;
  /** The word that names an experiment. */
  experiment: string | undefined;
}

interface NamedModule {
  setting: ModuleSetting;
  params: ModuleParams;
}

/** Whether settings name a module, or parameters of one. */
export function namesModule(values: Values): boolean {
  return Object.values(MODULE_SETTINGS).some(
    ({ keys, paramsKey }) => values[paramsKey] !== undefined || keys.some((key) => isModulePath(values[key])),
  );
}

/**
 * The command with the parameters of all modules that the words name among its flags.
 * Rejects with ERR_CONFIG where one cannot be loaded, or a parameter has the name of a flag.
 */
export async function withModuleFlags(
  name: string,
  command: Command,
  words: readonly string[],
): Promise<Command> {
  const modules = await modulesNamed(name, saidIn(words, command));
  if (modules.length === 0) return command;
  const flags = new Map(Object.keys(command.options).map((flag) => [flag, name]));
  for (const flag of ['help', 'verbose']) flags.set(flag, name);
  let { options } = command;
  for (const { params } of modules) {
    checkClashes(name, params, flags);
    options = { ...options, ...optionsOf(params.keys) };
    for (const key of Object.keys(params.keys)) flags.set(kebab(key), params.of);
  }
  return { ...command, options };
}

/** Parameters that were typed, by the setting that holds them, and the flags that they were typed as. */
export async function typedParams(
  command: string,
  argv: Argv,
): Promise<{ flags: ReadonlySet<string>; values: Values }> {
  const [word] = argv._;
  const experiment = word !== undefined && isModuleFile(word) ? word : undefined;
  const modules = await modulesNamed(command, { flag: (flag) => argv[flag], experiment });
  const flags = new Set<string>();
  const values: Record<string, unknown> = {};
  for (const { setting, params } of modules) {
    const typed = Object.keys(params.keys).filter((key) => argv[kebab(key)] !== undefined);
    for (const key of typed) flags.add(kebab(key));
    const given = Object.fromEntries(typed.map((key) => [key, argv[kebab(key)]]));
    if (typed.length === 0) continue;
    values[setting.paramsKey] = parseLayer(params.keys, given, { kind: 'flags', command }).values;
  }
  return { flags, values };
}

async function modulesNamed(command: string, said: Said): Promise<NamedModule[]> {
  const file = await configOf(said.flag('config'), command);
  const modules: NamedModule[] = [];
  for (const setting of Object.values(MODULE_SETTINGS)) {
    const named =
      setting.kind === 'experiment'
        ? said.experiment
        : (valueIn(setting, said.flag) ?? valueIn(setting, file));
    if (!isModulePath(named)) continue;
    const { definition } = await loadUserModule<Named>(named, setting.kind);
    modules.push({ setting, params: paramsOf(setting, definition, named) });
  }
  return modules;
}

/** What the strongest of a setting's names says, by its name as a flag. */
function valueIn({ keys }: ModuleSetting, read: (flag: string) => unknown): unknown {
  for (const key of keys) {
    const value = read(kebab(key));
    if (value !== undefined && value !== null) return value;
  }
  return undefined;
}

/** Reads the keys of a --config file, however they are spelt; what is wrong with it is told when its layer is read. */
async function configOf(file: unknown, command: string): Promise<(flag: string) => unknown> {
  if (typeof file !== 'string' || file.trim() === '') return () => undefined;
  const { readConfigValues } = await import('../config/file.js');
  const values = await readConfigValues(file, command).catch(() => ({}));
  const byKey = new Map(Object.entries(values).map(([key, value]) => [camel(key), value]));
  return (flag) => byKey.get(camel(flag));
}

/** Reads words as yargs will: `--flag value` or `--flag=value`, the last one wins. */
function saidIn(words: readonly string[], { options, takesExperiment }: Command): Said {
  const values = new Map<string, string>();
  let experiment: string | undefined;
  for (const [i, word] of words.entries()) {
    const [, flag, value] = /^--([^=]+)(?:=(.*))?$/s.exec(word) ?? [];
    if (flag !== undefined && Object.hasOwn(options, flag)) {
      const next = value ?? words[i + 1];
      if (next !== undefined) values.set(flag, next);
    }
    const before = /^--([^=]+)$/.exec(words[i - 1] ?? '')?.[1];
    const isValue = before !== undefined && options[before]?.type === 'string';
    if (!word.startsWith('-') && !isValue && takesExperiment === true) experiment ??= word;
  }
  return { flag: (name) => values.get(name), experiment };
}
