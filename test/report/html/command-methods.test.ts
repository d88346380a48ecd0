/** The command of a page repeats experiments whose models learn by other means than fine-tuning. */
import { expect, test } from 'vitest';
import { resolveTrainConfig, type TrainRaw } from '../../../src/config/train.js';
import { settingsOf } from '../../../src/report/html/command.js';

const own = { weak: 'a', strong: 'b', data: 'rows.jsonl' };

test.each<TrainRaw>([
  { ...own, method: 'probe' },
  { ...own, strongMethod: 'probe', strongProbeFit: 'lbfgs', strongProbeL2: 0.1 },
  { ...own, strongMethod: 'finetune-then-probe', strongProbeEpochs: 20 },
  { ...own, strongMethod: 'prompt', strongShots: 2, strongAnswers: 'A,B' },
  { ...own, head: 'tokens', template: 'T: {text}\nA:', answerVocabulary: 'full' },
  { data: 'rows.jsonl', weakFeatures: 'w.jsonl', strongFeatures: 's.jsonl' },
])('%o', (settings) => {
  const config = resolveTrainConfig(settings);
  const said = settingsOf(config);
  expect(said).not.toBeNull();
  expect(resolveTrainConfig(said ?? {})).toEqual(config);
});
