import type { RawExample } from './formats/index.js';
import { stream } from './random.js';
import { mapInSlices } from './sources/source.js';
import type { SplitSpec } from './types.js';

/** Which seed decides what chance adds to the rows of a part. */
export type Draw = 'test' | 'training';

/**
 * Test items are the same for every seed, as are all rows of a file: what was fine-tuned on is what is labelled. A spec
 * may ask for what training would see, so that labels fit the halves of an experiment.
 */
export const drawOf = ({ part, draw }: Pick<SplitSpec, 'part' | 'draw'>): Draw =>
  draw ?? (part === 'weak' || part === 'transfer' || part === 'chain' ? 'training' : 'test');

/**
 * Draws one variant of each row that has several (DESIGN 3.5): by the data seed for tests, by the seed for
 * training. A row's draw depends on the seed and its id alone, so that no other row and no file shifts it.
 * @param mirrored the next variant instead: of two, the other one
 */
export async function drawVariants(
  rows: readonly RawExample[],
  { seed, dataSeed }: Pick<SplitSpec, 'seed' | 'dataSeed'>,
  draw: Draw,
  mirrored = false,
): Promise<readonly RawExample[]> {
  if (!rows.some((row) => row.variants !== undefined)) return rows;
  const isTest = draw === 'test';
  return mapInSlices(rows, ({ variants, ...row }) => {
    if (variants === undefined) return row;
    const random = stream(isTest ? dataSeed : seed, isTest ? 'test-variant' : 'variant', row.id);
    const drawn = random.below(variants.length);
    return { ...row, ...variants[mirrored ? (drawn + 1) % variants.length : drawn] };
  });
}
