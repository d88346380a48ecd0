import { describe, expect, it } from 'vitest';
import { resolveEvaluateConfig, resolveFinetuneConfig, resolveLabelConfig } from '../../src/config/steps.js';
import { resolveTrainConfig } from '../../src/config/train.js';

/** What is said about how files are read; configurations that say nothing stay as they were. */
describe.each([
  ['train', (raw: object) => resolveTrainConfig({ data: 'a.csv', weak: 'w', strong: 's', ...raw })],
  ['finetune', (raw: object) => resolveFinetuneConfig({ data: 'a.csv', model: 'm', ...raw })],
  ['label', (raw: object) => resolveLabelConfig({ data: 'a.csv', model: 'm', ...raw })],
  ['evaluate', (raw: object) => resolveEvaluateConfig({ data: 'a.csv', model: 'm', ...raw })],
])('%s', (_command, resolve) => {
  it('takes --no-header and --skip-bad-rows', () => {
    expect(resolve({ header: false, skipBadRows: true })).toMatchObject({ header: false, skipBadRows: true });
    expect(resolve({ header: true })).toMatchObject({ header: true });
    for (const raw of [{}, { skipBadRows: false }]) {
      expect(resolve(raw)).not.toHaveProperty('header');
      expect(resolve(raw)).not.toHaveProperty('skipBadRows');
    }
  });
});
