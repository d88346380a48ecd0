import { findFormat } from './formats/index.js';
import type { Example, RowStructure } from './types.js';

/** What a format knows of rows that belong together; undefined where it knows nothing. */
export async function structureOf(format: string): Promise<RowStructure | undefined> {
  return (await findFormat(format)).structure;
}

/**
 * Names the question of a row in a format of questions: rows of one question have equal names. A row's id is
 * `<question>:<column of the answer>`; a group may hold one question twice.
 */
export function questionOf({ id, group }: Pick<Example, 'id' | 'group'>): string {
  return JSON.stringify([group, id.replace(/:[^:]*$/, '')]);
}
