import { createHash } from 'node:crypto';
import { findFormat } from './formats/index.js';
import type { Example, RowStructure } from './types.js';

/** What a format knows of rows that belong together; undefined where it knows nothing. */
export async function structureOf(format: string): Promise<RowStructure | undefined> {
  return (await findFormat(format)).structure;
}

/**
 * Names of rows that say nothing of their truth. Ids of questions' answers and of pairs end in the column that an
 * answer comes from, or that is shown first, and a pair's group may be its better text: here an id ends in a hash
 * instead, and groups are counted.
 * @param structure of the format; undefined: ids and groups are the file's own, and stay
 */
export function blindNames(
  rows: readonly Pick<Example, 'id' | 'group'>[],
  structure: RowStructure | undefined,
): Pick<Example, 'id' | 'group'>[] {
  if (structure === undefined) return rows.map(({ id, group }) => ({ id, group }));
  const groups = new Map<string, number>();
  return rows.map(({ id, group }) => {
    const number = groups.get(group) ?? groups.size + 1;
    groups.set(group, number);
    const hash = createHash('sha256').update(id).digest('hex').slice(0, 8);
    return { id: `${id.replace(/:[^:]*$/, '')}:${hash}`, group: `group ${number}` };
  });
}

/**
 * Names the question of a row in a format of questions: rows of one question have equal names. A row's id is
 * `<question>:<column of the answer>`; a group may hold one question twice.
 */
export function questionOf({ id, group }: Pick<Example, 'id' | 'group'>): string {
  return JSON.stringify([group, id.replace(/:[^:]*$/, '')]);
}
