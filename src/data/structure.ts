import { findFormat } from './formats/index.js';
import type { RowStructure } from './types.js';

/** What a format knows of rows that belong together; undefined where it knows nothing. */
export async function structureOf(format: string): Promise<RowStructure | undefined> {
  return (await findFormat(format)).structure;
}
