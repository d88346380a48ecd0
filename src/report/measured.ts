/** What a data set measures of written answers besides right and wrong, model by model. */
import type { ModelScore } from '../metrics/index.js';
import { decimals, NONE, percent } from './format.js';

/** What those are called that the built-in data sets measure; others keep their own name. */
const TITLES: Readonly<Record<string, string>> = { legal: 'legal moves', firstMove: 'first move right' };

/**
 * Facts for a table: what was measured, and of whom how much, such as `weak 83.1 %; student 90.2 %`. Shares as
 * percents, anything else as it is.
 */
export function measureFacts(
  models: readonly (readonly [role: string, score: Pick<ModelScore, 'measures'>])[],
): [name: string, fact: string][] {
  const names = new Set(models.flatMap(([, { measures }]) => Object.keys(measures ?? {})));
  return [...names].map((name) => {
    const values = models.map(([role, { measures }]) => [role, measures?.[name]] as const);
    const isShare = values.every(([, value]) => value === undefined || (value >= 0 && value <= 1));
    const shown = (value: number) => (isShare ? percent(value) : decimals(value, 1));
    return [
      TITLES[name] ?? name,
      values.map(([role, value]) => `${role} ${value === undefined ? NONE : shown(value)}`).join('; '),
    ];
  });
}
