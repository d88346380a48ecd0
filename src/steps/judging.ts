/** Written answers held against the truth by what a data set brings to judge them, such as the rules of chess. */

import { judgeOf } from '../data/index.js';
import { mapInSlices } from '../data/sources/source.js';
import type { Example, SplitSpec } from '../data/types.js';
import type { Prediction } from '../store/index.js';

export interface Judged {
  lines: Prediction[];
  /** Means over the answers that each is known of; absent where the data set measures nothing. */
  measures?: Readonly<Record<string, number>>;
}

/**
 * Notes on each line whether it is right, where that differs from whether it equals the truth. Data sets without a
 * judge leave lines as they are.
 * @param rows by id; those of the lines are among them, with their truth
 */
export async function judgeLines(
  data: SplitSpec,
  rows: readonly Example[],
  lines: readonly Prediction[],
): Promise<Judged> {
  const judge = await judgeOf(data.dataset.format);
  if (judge === undefined) return { lines: [...lines] };
  const examples = new Map(rows.map((row) => [row.id, row]));
  const sums = new Map<string, { sum: number; count: number }>();
  const judged = await mapInSlices(lines, (line): Prediction => {
    const example = examples.get(line.id);
    if (example === undefined) return line;
    const { correct, measures = {} } = judge(example, line.text ?? '');
    for (const [name, value] of Object.entries(measures)) {
      const { sum, count } = sums.get(name) ?? { sum: 0, count: 0 };
      sums.set(name, { sum: sum + Number(value), count: count + 1 });
    }
    return correct === null || correct === (line.text === line.label) ? line : { ...line, correct };
  });
  if (sums.size === 0) return { lines: judged };
  const means = [...sums].map(([name, { sum, count }]) => [name, sum / count] as const);
  return { lines: judged, measures: Object.fromEntries(means) };
}
