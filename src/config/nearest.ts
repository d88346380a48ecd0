/** "Did you mean": the nearest right name to a misspelt one. */

/** Damerau–Levenshtein distance (optimal string alignment): insertions, deletions, changes, swaps of neighbours. */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (last[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      let best = Math.min(change, (last[j] ?? 0) + 1, (current[j - 1] ?? 0) + 1);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        best = Math.min(best, (beforeLast[j - 2] ?? 0) + 1);
      }
      current.push(best);
    }
    beforeLast = last;
    last = current;
  }
  return last[b.length] ?? 0;
}

/**
 * The candidate that `name` most likely stands for, or undefined when none is near: at most a third of
 * the longer name (but two edits always count for names over three characters), upper and lower case
 * alike; else a single candidate that begins with `name`.
 */
export function nearest(name: string, candidates: Iterable<string>): string | undefined {
  const asked = name.toLowerCase();
  const all = [...candidates];
  let best: string | undefined;
  let bestDistance = Number.POSITIVE_INFINITY;
  for (const candidate of all) {
    const distance = editDistance(asked, candidate.toLowerCase());
    const longer = Math.max(asked.length, candidate.length);
    const limit = longer > 3 ? Math.max(2, Math.floor(longer / 3)) : 1;
    if (distance <= limit && distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  if (best !== undefined || asked.length < 2) return best;
  const beginning = all.filter((candidate) => candidate.toLowerCase().startsWith(asked));
  return beginning.length === 1 ? beginning[0] : undefined;
}

/**
 * The nearest of a closed set, such as flags, commands or choices: one of them is what was meant, however far off.
 * Names that share a beginning go before others of the same distance.
 */
export function nearestOf(name: string, candidates: Iterable<string>): string | undefined {
  const all = [...candidates];
  const near = nearest(name, all);
  if (near !== undefined) return near;
  const asked = name.toLowerCase();
  const shared = (candidate: string) => {
    let length = 0;
    while (length < asked.length && candidate[length]?.toLowerCase() === asked[length]) length++;
    return length;
  };
  const far = (candidate: string) => editDistance(asked, candidate.toLowerCase()) - 2 * shared(candidate);
  return all.reduce<string | undefined>(
    (best, candidate) => (best === undefined || far(candidate) < far(best) ? candidate : best),
    undefined,
  );
}
