/**
 * Preferences: a prompt, two completions, and which of them is the better. A coin decides the order in which the
 * two are shown; the id of the row names it, so that labels written for one order are never taken for the other.
 */

/** Class names of a preference: its label is [p(the first is better), p(the second is better)]. */
export const PREFERENCE_CLASSES = ['first', 'second'] as const;

/** What ids end in, by the side that is shown first. */
const ENDINGS = { chosen: ':chosen', rejected: ':rejected' } as const;

/** The id of a pair that is shown in this order. */
export const orderedId = (pair: string, first: keyof typeof ENDINGS): string => `${pair}${ENDINGS[first]}`;

/** The id of the same pair in the other order; undefined where the id names none. */
export function mirroredId(id: string): string | undefined {
  const { chosen, rejected } = ENDINGS;
  if (id.endsWith(chosen)) return id.slice(0, -chosen.length) + rejected;
  return id.endsWith(rejected) ? id.slice(0, -rejected.length) + chosen : undefined;
}

/** Names of the columns that a pair's two completions come from, in the order that its id names. */
export function completionFields(id: string): readonly [string, string] {
  if (id.endsWith(ENDINGS.chosen)) return ['chosen', 'rejected'];
  return id.endsWith(ENDINGS.rejected) ? ['rejected', 'chosen'] : PREFERENCE_CLASSES;
}
