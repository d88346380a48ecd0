/** Which rows of each class are kept. Rows are N, classes K; a row's class is its hardened label. */

/**
 * Of each class's rows, the share of them with the highest score: ⌈share · count⌉ rows; of equal scores the lower
 * index. A share for each class, not one for all, so that a filter leaves the balance of classes as it was.
 *
 * @param answers class of each row [N]
 * @param scores what a row is kept for, the higher the sooner [N]
 * @param share above 0, up to 1
 * @returns 1 for a row that is kept [N]
 */
export function keepBest(answers: Int32Array, scores: ArrayLike<number>, share: number): Uint8Array {
  const kept = new Uint8Array(answers.length);
  for (const rows of rowsByClass(answers).values()) {
    rows.sort((a, b) => (scores[b] as number) - (scores[a] as number) || a - b);
    // A share such as 0.1 of 30 rows is 3.0000000000000004 in floating point, and means 3.
    const count = Math.ceil(share * rows.length - 1e-9);
    for (const row of rows.slice(0, count)) kept[row] = 1;
  }
  return kept;
}

/** Rows of each class that occurs, in order. */
export function rowsByClass(answers: Int32Array): Map<number, number[]> {
  const rows = new Map<number, number[]>();
  answers.forEach((answer, row) => {
    const list = rows.get(answer);
    if (list) list.push(row);
    else rows.set(answer, [row]);
  });
  return rows;
}
