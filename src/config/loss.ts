/** What a model is trained for, resolved: parameters of no effect are absent. */
import type { Found } from './layers.js';
import { nameOf, settingError } from './layers.js';
import type { ModelRaw } from './model.js';
import { listOf } from './values.js';

/** `custom`: a loss of the user's own. */
export type Loss =
  | 'xent'
  | 'confidence'
  | 'product'
  | 'reverse-kl'
  | 'window'
  | 'entropy'
  | 'adaptive-confidence'
  | 'lm'
  | 'completion'
  | 'custom';

/** Losses of tokens; all others see a matrix of logits, one row an example. */
export const isTokenLoss = (loss: Loss): boolean => loss === 'lm' || loss === 'completion';

/** The loss that learns from true labels: what supervisor and ceiling take. */
export function plainLoss(loss: Loss): Loss {
  return isTokenLoss(loss) ? loss : 'xent';
}

/** Burns et al. A.4, and the code released with that paper (DESIGN 3.6). */
export const confidencePresets = {
  paper: { threshold: 'half', alphaMax: 0.75, lossWarmup: 0.2 },
  openai: { threshold: 'weak-mean', alphaMax: 0.5, lossWarmup: 0.1 },
} as const;

/** Defaults of the other losses (docs/method.md). */
export const lossDefaults = {
  entropy: { alphaMax: 0.5, lossWarmup: 0.1 },
  product: { lossAlpha: 1, lossBeta: 1 },
  window: { windowRadius: 0.25 },
  'adaptive-confidence': { lossTemperature: 1 },
} as const;

/** Of `ModelSettings`. */
export interface LossSettings {
  /** The next two are of effect with `confidence` only. */
  preset: 'paper' | 'openai';
  threshold: 'half' | 'weak-mean' | number;
  /** The next two with `confidence` and `entropy` only. */
  alphaMax: number;
  lossWarmup: number | 'as-released';
  /** Powers of label and student in the target of `product`; absent otherwise. */
  lossAlpha?: number;
  lossBeta?: number;
  /** Of `window`; absent otherwise. */
  windowRadius?: number | 'median';
  /** τ of `adaptive-confidence`; absent otherwise. */
  lossTemperature?: number;
  /** Labels are shifted, batch by batch, until their mean is one half. Absent otherwise. */
  balanced?: true;
}

export type LossSetting = keyof LossSettings;
type FindLoss = <N extends LossSetting>(name: N) => Found<NonNullable<ModelRaw[N]>> | undefined;

/**
 * Resolves the parameters of a loss.
 * @throws ERR_USAGE or ERR_CONFIG where a parameter has no meaning for it
 */
export function resolveLossSettings(find: FindLoss, loss: Loss): LossSettings {
  const preset = find('preset')?.value ?? 'paper';
  const confidence = confidencePresets[preset];
  const weighed = loss === 'entropy' ? lossDefaults.entropy : confidence;
  const warmup = find('lossWarmup');
  if (loss === 'entropy' && warmup?.value === 'as-released') {
    throw settingError(
      warmup.origin,
      `Expected a number from 0 to 1 for ${nameOf(warmup.key, warmup.origin)} with the loss entropy but received "as-released": there is no released code.`,
      'Try: --loss-warmup 0.1',
    );
  }
  return {
    preset,
    threshold: find('threshold')?.value ?? confidence.threshold,
    alphaMax: find('alphaMax')?.value ?? weighed.alphaMax,
    lossWarmup: warmup?.value ?? weighed.lossWarmup,
    ...(loss === 'product'
      ? {
          lossAlpha: find('lossAlpha')?.value ?? lossDefaults.product.lossAlpha,
          lossBeta: find('lossBeta')?.value ?? lossDefaults.product.lossBeta,
        }
      : {}),
    ...(loss === 'window'
      ? { windowRadius: find('windowRadius')?.value ?? lossDefaults.window.windowRadius }
      : {}),
    ...(loss === 'adaptive-confidence'
      ? {
          lossTemperature:
            find('lossTemperature')?.value ?? lossDefaults['adaptive-confidence'].lossTemperature,
        }
      : {}),
    ...(find('balanced')?.value ? { balanced: true as const } : {}),
  };
}

/** Which losses a parameter means something for. */
const LOSSES_OF: Readonly<Record<Exclude<LossSetting, 'balanced'>, readonly Loss[]>> = {
  preset: ['confidence'],
  threshold: ['confidence'],
  alphaMax: ['confidence', 'entropy'],
  lossWarmup: ['confidence', 'entropy'],
  lossAlpha: ['product'],
  lossBeta: ['product'],
  windowRadius: ['window'],
  lossTemperature: ['adaptive-confidence'],
};

/** Parameters of losses; each is of the student alone. */
export const LOSS_SETTINGS: readonly LossSetting[] = [
  ...(Object.keys(LOSSES_OF) as (keyof typeof LOSSES_OF)[]),
  'balanced',
];

/** Whether a parameter means something for a loss. */
export function concernsLoss(setting: LossSetting, loss: Loss): boolean {
  return setting === 'balanced' ? !isTokenLoss(loss) : LOSSES_OF[setting].includes(loss);
}

/**
 * Refuses parameters of one loss beside another.
 * @throws ERR_USAGE or ERR_CONFIG naming the setting.
 */
export function refuseLossSettings(find: FindLoss, loss: Loss): void {
  for (const name of LOSS_SETTINGS) {
    const found = find(name);
    if (found === undefined || found.origin.kind === 'preset' || found.value === false) continue;
    if (concernsLoss(name, loss)) continue;
    const losses = name === 'balanced' ? (['xent'] as const) : LOSSES_OF[name];
    const expected = name === 'balanced' ? 'a loss of classes' : `the loss ${listOf(losses)}`;
    throw settingError(
      found.origin,
      `Expected ${expected} with ${nameOf(found.key, found.origin)} but received the loss ${loss}.`,
      found.origin.kind === 'flags'
        ? `Add --loss ${losses[0]}, or leave it out.`
        : `Add loss: ${losses[0]}, or leave it out.`,
    );
  }
}
