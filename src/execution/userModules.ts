/**
 * Losses of the user's own among settings: modules are loaded, their parameters gathered over the layers, and what
 * a resolved configuration needs to know of them put in the place of their files' names.
 */

import type { ModuleGroup } from '../config/key.js';
import type { Layer, Origin } from '../config/layers.js';
import { nameOf, settingError } from '../config/layers.js';
import type { CustomLoss } from '../config/model.js';
import { checkParams, type ModuleParams, moduleParams } from '../config/moduleParams.js';
import { isModulePath } from '../config/modulePath.js';
import { loadUserModule } from '../config/userModule.js';
import { trustGradient } from '../tasks/gradientCheck.js';
import { bindLoss, type LossDefinition } from '../tasks/loss.js';

/** A loss written in JavaScript or TypeScript, instead of a built-in one. */
export interface LossOption {
  /** A loss of your own, made by `defineLoss`: of the student, or of `finetune`. */
  loss?: LossDefinition<unknown, unknown>;
  /** Its parameters; defaults come from its schema. */
  lossParams?: Readonly<Record<string, unknown>>;
  /** Train with its gradient as it is, unchecked. */
  skipGradientCheck?: boolean;
}

/** Its parameters as settings. */
export function lossParamsOf(definition: { name: string; params?: unknown }, file?: string): ModuleParams {
  const { name, params } = definition;
  const title: ModuleGroup = `Loss ${name}`;
  return moduleParams(title, `loss ${name}${file === undefined ? '' : ` (${file})`}`, params);
}

/** What layers may say about losses. */
interface LossRaw {
  strongLoss?: unknown;
  loss?: unknown;
  lossParams?: unknown;
  gradientCheck?: unknown;
}

/**
 * Layers, the strongest first, in which a loss of the user's own is loaded and bound to its parameters.
 * Rejects with ERR_CONFIG or ERR_USAGE where its module cannot be loaded or its parameters are none.
 */
export async function withUserLoss<R extends object>(
  layers: readonly Layer<R>[],
  { loss: given, lossParams, skipGradientCheck }: LossOption = {},
): Promise<readonly Layer<R>[]> {
  const at = layers.findIndex(({ values }) => lossKeyOf(values as LossRaw) !== undefined);
  const found = layers[at];
  const key = found && lossKeyOf(found.values as LossRaw);
  const value = key && (found.values as LossRaw)[key];
  const isModule = isModulePath(value);
  if (given === undefined && !isModule) {
    refuseParams(layers, at, lossParams);
    return layers;
  }
  const module =
    given === undefined ? await loadUserModule<LossDefinition>(String(value), 'loss') : undefined;
  const definition = (given ?? module?.definition) as LossDefinition;
  const known = lossParamsOf(definition, module?.named);
  const params = gatherParams(layers, known, lossParams);
  const bound = bindLoss(definition, params, module?.source);
  const checks = layers.map(({ values }) => (values as LossRaw).gradientCheck);
  trustGradient(bound, skipGradientCheck ?? checks.find((check) => check !== undefined) === false);
  const { name, source } = bound;
  const custom: CustomLoss = {
    name,
    source,
    params: bound.params,
    ...(module ? { file: module.named } : {}),
  };
  return given === undefined && key !== undefined
    ? layers.map((layer, i) => (i === at ? withLoss(layer, key, custom) : layer))
    : [withLoss({ origin: originOf(layers), values: {} as R }, 'loss', custom), ...layers];
}

/** What is said of the student alone goes before what is said of both models. */
function lossKeyOf({ strongLoss, loss }: LossRaw): 'strongLoss' | 'loss' | undefined {
  if (strongLoss !== undefined && strongLoss !== null) return 'strongLoss';
  return loss === undefined || loss === null ? undefined : 'loss';
}

function withLoss<R extends object>(layer: Layer<R>, key: 'strongLoss' | 'loss', loss: CustomLoss): Layer<R> {
  return { ...layer, values: { ...layer.values, [key]: loss } };
}

const originOf = (layers: readonly Layer<object>[]): Origin =>
  layers[0]?.origin ?? { kind: 'call', command: 'train' };

/** Parameters of all layers, each by its strongest. @throws ERR_USAGE or ERR_CONFIG where the loss has none such */
function gatherParams(
  layers: readonly Layer<object>[],
  known: ModuleParams,
  strongest: LossOption['lossParams'],
): Record<string, unknown> {
  const said = [
    ...(strongest === undefined ? [] : [{ origin: originOf(layers), given: strongest }]),
    ...layers.map(({ values, origin }) => ({ origin, given: (values as LossRaw).lossParams })),
  ];
  const params = {};
  for (const { origin, given } of said.reverse()) {
    if (given !== undefined)
      Object.assign(params, checkParams(known, given as Record<string, unknown>, origin));
  }
  return params;
}

/** Parameters that no loss of the user's own is there for: those beside a built-in loss, or stronger than it. */
function refuseParams(
  layers: readonly Layer<object>[],
  lossAt: number,
  given: LossOption['lossParams'],
): void {
  const at = layers.findIndex(({ values }) => (values as LossRaw).lossParams !== undefined);
  const isIdle = at === -1 || (lossAt !== -1 && lossAt < at);
  if (given === undefined && isIdle) return;
  const origin = (given === undefined ? layers[at]?.origin : undefined) ?? originOf(layers);
  throw settingError(
    origin,
    `Expected a loss of your own beside ${given === undefined ? nameOf('lossParams', origin) : 'lossParams'} but received none.`,
    'Name its file: --loss ./my-loss.mjs',
  );
}
