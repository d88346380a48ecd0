/** Written answers held against the truth by what a data set brings to judge them, such as the rules of chess. */

import { judgeOf } from '../data/index.js';
import { mapInSlices } from '../data/sources/source.js';
import type { Example, Judge, SplitSpec } from '../data/types.js';
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
  const judging = await Judging.open(data);
  return { lines: await judging.judge(rows, lines), ...judging.measured() };
}

/** The same for lines that come a window at a time. */
export class Judging {
  private readonly sums = new Map<string, { sum: number; count: number }>();

  private constructor(private readonly judgeOne: Judge | undefined) {}

  static async open(data: SplitSpec): Promise<Judging> {
    return new Judging(await judgeOf(data.dataset.format));
  }

  /** @param rows as for `judgeLines` */
  async judge(rows: readonly Example[], lines: readonly Prediction[]): Promise<Prediction[]> {
    const { judgeOne } = this;
    if (judgeOne === undefined) return [...lines];
    const examples = new Map(rows.map((row) => [row.id, row]));
    return mapInSlices(lines, (line): Prediction => {
      const example = examples.get(line.id);
      if (example === undefined) return line;
      const { correct, measures = {} } = judgeOne(example, line.text ?? '');
      for (const [name, value] of Object.entries(measures)) {
        const { sum, count } = this.sums.get(name) ?? { sum: 0, count: 0 };
        this.sums.set(name, { sum: sum + Number(value), count: count + 1 });
      }
      return correct === null || correct === (line.text === line.label) ? line : { ...line, correct };
    });
  }

  /** Of all lines so far. */
  measured(): Pick<Judged, 'measures'> {
    if (this.sums.size === 0) return {};
    const means = [...this.sums].map(([name, { sum, count }]) => [name, sum / count] as const);
    return { measures: Object.fromEntries(means) };
  }
}
