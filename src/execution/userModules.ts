/**
 * Losses and relabellings of the user's own among settings: modules are loaded, their parameters gathered over the
 * layers, and what a resolved configuration needs to know of them put in the place of their files' names.
 */

import type { Layer, Origin } from '../config/layers.js';
import { nameOf, settingError } from '../config/layers.js';
import type { CustomLoss } from '../config/model.js';
import { MODULE_SETTINGS, type ModuleSetting, type Named, paramsOf } from '../config/moduleKeys.js';
import { checkParams, type ModuleParams } from '../config/moduleParams.js';
import { isModulePath } from '../config/modulePath.js';
import type { CustomRelabel } from '../config/supervision.js';
import { loadUserModule } from '../config/userModule.js';
import { rememberFormat } from '../data/formats/index.js';
import { type DatasetDefinition, definitionSource, formatOfDefinition } from '../data/formats/userFormat.js';
import { trustGradient } from '../tasks/gradientCheck.js';
import { bindLoss, type LossDefinition } from '../tasks/loss.js';
import { bindRelabel, type RelabelDefinition } from '../tasks/relabel.js';

/** A loss written in JavaScript or TypeScript, instead of a built-in one. */
export interface LossOption {
  /** A loss of your own, made by `defineLoss`: of the student, or of `finetune`. */
  loss?: LossDefinition<unknown, unknown>;
  /** Its parameters; defaults come from its schema. */
  lossParams?: Readonly<Record<string, unknown>>;
  /** Train with its gradient as it is, unchecked. */
  skipGradientCheck?: boolean;
}

/** A relabelling written in JavaScript or TypeScript. */
export interface RelabelOption {
  /** What happens between labels and student, made by `defineRelabel`. */
  relabel?: RelabelDefinition<unknown>;
  /** Its parameters; defaults come from its schema. */
  relabelParams?: Readonly<Record<string, unknown>>;
}

/** A data set defined in JavaScript or TypeScript. */
export interface DatasetOption {
  /** A data set of your own, made by `defineDataset`. */
  dataset?: DatasetDefinition;
}

/** Code that a call brings beside its settings. */
export interface ModuleOptions extends LossOption, RelabelOption, DatasetOption {}

type Values = Readonly<Record<string, unknown>>;

/** A kind of module, and what stands in a layer in place of its file's name. */
interface Slot {
  setting: ModuleSetting;
  option: 'loss' | 'relabel';
  bind(definition: Named, params: Values, source: string | undefined, layers: Layers): object;
}

type Layers = readonly Layer<object>[];

const SLOTS: readonly Slot[] = [
  {
    setting: MODULE_SETTINGS.loss,
    option: 'loss',
    bind(definition, given, from, layers) {
      const bound = bindLoss(definition as LossDefinition<unknown, unknown>, given, from);
      const checks = layers.map(({ values }) => (values as Values).gradientCheck);
      trustGradient(bound, checks.find((check) => check !== undefined) === false);
      const { name, source, params } = bound;
      return { name, source, params } satisfies CustomLoss;
    },
  },
  {
    setting: MODULE_SETTINGS.relabel,
    option: 'relabel',
    bind(definition, given, from) {
      const bound = bindRelabel(definition as RelabelDefinition<unknown>, given, from);
      const { name, source, params, needs } = bound;
      return { name, source, params, needs } satisfies CustomRelabel;
    },
  },
];

/**
 * Layers, the strongest first, in which modules of the user's are loaded and bound to their parameters.
 * @param options code that a call brings: it goes before what layers name
 * Rejects with ERR_CONFIG or ERR_USAGE where a module cannot be loaded or its parameters are none.
 */
export async function withUserModules<R extends object>(
  layers: readonly Layer<R>[],
  options: ModuleOptions = {},
): Promise<readonly Layer<R>[]> {
  const { skipGradientCheck } = options;
  const said = skipGradientCheck === undefined ? layers : over(layers, { gradientCheck: !skipGradientCheck });
  let resolved =
    options.dataset === undefined ? said : over(said, { dataset: nameOfDataset(options.dataset) });
  for (const slot of SLOTS) resolved = await fillSlot(slot, resolved, options);
  return resolved;
}

/** Makes a definition known, and gives the name that the setting `dataset` takes. */
function nameOfDataset(definition: DatasetDefinition): string {
  return rememberFormat(formatOfDefinition(definition, definitionSource(definition), process.cwd()));
}

async function fillSlot<R extends object>(
  { setting, option, bind }: Slot,
  layers: readonly Layer<R>[],
  options: ModuleOptions,
): Promise<readonly Layer<R>[]> {
  const given: Named | undefined = options[option];
  const strongest = options[`${option}Params`];
  const at = layers.findIndex(({ values }) => keyIn(setting, values) !== undefined);
  const key = keyIn(setting, layers[at]?.values ?? {});
  const value = key === undefined ? undefined : ((layers[at]?.values ?? {}) as Values)[key];
  if (given === undefined && !isModulePath(value)) {
    refuseParams(setting, layers, at, strongest);
    return layers;
  }
  const module = given === undefined ? await loadUserModule<Named>(String(value), setting.kind) : undefined;
  const definition = (given ?? module?.definition) as Named;
  const params = gatherParams(setting, layers, paramsOf(setting, definition, module?.named), strongest);
  const bound = bind(definition, params, module?.source, layers);
  if (module === undefined || key === undefined) return over(layers, { [option]: bound });
  const loaded = { ...bound, file: module.named };
  return layers.map((layer, i) =>
    i === at ? { ...layer, values: { ...layer.values, [key]: loaded } } : layer,
  );
}

/** The key that names a module in values, if any. */
function keyIn({ keys }: ModuleSetting, values: object): string | undefined {
  return keys.find((key) => (values as Values)[key] !== undefined && (values as Values)[key] !== null);
}

const originOf = (layers: Layers): Origin => layers[0]?.origin ?? { kind: 'call', command: 'train' };

function over<R extends object>(layers: readonly Layer<R>[], values: Values): readonly Layer<R>[] {
  return [{ origin: originOf(layers), values: values as R }, ...layers];
}

/** Parameters of all layers, each by its strongest. @throws ERR_USAGE or ERR_CONFIG where the module has none such */
export function gatherParams(
  { paramsKey }: Pick<ModuleSetting, 'paramsKey'>,
  layers: Layers,
  known: ModuleParams,
  strongest: Values | undefined,
): Values {
  const said = [
    ...(strongest === undefined ? [] : [{ origin: originOf(layers), given: strongest }]),
    ...layers.map(({ values, origin }) => ({ origin, given: (values as Values)[paramsKey] })),
  ];
  const params = {};
  for (const { origin, given } of said.reverse()) {
    if (given !== undefined) Object.assign(params, checkParams(known, given as Values, origin));
  }
  return params;
}

/** Parameters that no module is there for: those beside something built in, or stronger than it. */
function refuseParams(
  { paramsKey, noun, kind }: ModuleSetting,
  layers: Layers,
  namedAt: number,
  given: Values | undefined,
): void {
  const at = layers.findIndex(({ values }) => (values as Values)[paramsKey] !== undefined);
  const isIdle = at === -1 || (namedAt !== -1 && namedAt < at);
  if (given === undefined && isIdle) return;
  const origin = (given === undefined ? layers[at]?.origin : undefined) ?? originOf(layers);
  throw settingError(
    origin,
    `Expected ${noun} of your own beside ${given === undefined ? nameOf(paramsKey, origin) : paramsKey} but received none.`,
    `Name its file: --${kind} ./my-${kind}.mjs`,
  );
}
