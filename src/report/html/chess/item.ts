/** stub */
import type { Example } from '../../../data/types.js';
import type { Disagreement } from '../disagreements.js';
import type { Html } from '../markup.js';
import type { RunRecord } from '../runRecord.js';

export async function drawChess(
  _item: Disagreement,
  _row: Example,
  _record: RunRecord,
): Promise<{ board: Html; about: string; name: (answer: number | string) => Html } | null> {
  return null;
}
