/** What brings a task out of the strong model, with true labels and with weak ones. Pure. */

import { DEFAULT_TEMPLATE } from '../../config/method.js';
import { type Lesson, learnerOf, planLearner, planProbe } from '../learner.js';
import type { WeightsSpec } from '../plan.js';
import type { ModelSettings } from '../settings.js';
import { plainObjective } from '../settings.js';
import { experimentSplit } from '../splits.js';
import { planTrainSeed, type TrainInputs, type TrainRoles } from '../train.js';
import { type ArmsPlan, planArms } from './arms.js';

const SALIENCY_ARMS = [
  'few-shot, true labels',
  'probe, true labels',
  'fine-tune, true labels',
  'fine-tune, weak labels',
  'fine-tune on weak labels, then probe on true ones',
] as const;
type SaliencyArm = (typeof SALIENCY_ARMS)[number];

/** λ of the probes: weak enough to leave separable classes apart. */
const L2 = 1e-3;

/**
 * One arm a way. Each has the supervisor and the ceiling of `train` beside it.
 * @param shots examples in a prompt; null: the strong model reads no prose, and that arm is left out
 */
export function planSaliency(inputs: TrainInputs, shots: number | null): ArmsPlan<TrainRoles> {
  const names = SALIENCY_ARMS.filter((name) => shots !== null || !name.startsWith('few-shot'));
  return planArms(names, inputs.settings.seeds, (builder, name, seed) => {
    const train = planTrainSeed(builder, inputs, seed);
    const { settings, dataset } = inputs;
    const part = (which: 'transfer' | 'test') => experimentSplit(dataset.spec, which, seed, settings);
    const own = builder.named(name);
    const strong = learnerOf('strong', own, inputs, seed);
    const lesson: Lesson = {
      data: part('transfer'),
      labels: { from: 'data' },
      objective: plainObjective(dataset),
    };
    return { ...train, studentTest: testOf(name as SaliencyArm) };

    function testOf(arm: SaliencyArm): string {
      if (arm === 'fine-tune, true labels') return train.ceilingTest;
      if (arm === 'fine-tune, weak labels') return train.studentTest;
      if (arm === 'few-shot, true labels') {
        const model = prompted(settings.forStrong, shots ?? 0);
        return planLearner('prompt', { ...strong, model }, lesson).evaluate('promptTest', part('test'));
      }
      const weights: WeightsSpec =
        arm === 'probe, true labels' ? strong.base : { from: 'step', step: train.student };
      const model: ModelSettings = { ...settings.forStrong, probeFit: 'lbfgs', probeL2: L2 };
      return planProbe('probe', { ...strong, model }, lesson, weights).evaluate('probeTest', part('test'));
    }
  });
}

function prompted(model: ModelSettings, shots: number): ModelSettings {
  return {
    ...model,
    method: 'prompt',
    head: 'tokens',
    shots,
    answerVocabulary: model.answerVocabulary ?? 'restricted',
    template: model.template ?? DEFAULT_TEMPLATE,
  };
}
