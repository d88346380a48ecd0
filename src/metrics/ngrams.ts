/** Overlap of texts with a corpus by runs of words, as in GPT-3's study of contamination (Brown et al. 2020, C). */

/** Words: runs of letters and digits, in lower case. */
export function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
}

/** Every run of n words; a text of fewer words is one run. */
export function* runsOf(words: readonly string[], n: number): Generator<string> {
  if (words.length === 0) return;
  const length = Math.min(n, words.length);
  for (let start = 0; start + length <= words.length; start++) {
    yield words.slice(start, start + length).join(' ');
  }
}

/**
 * Which texts share a run of words with a corpus that is read piece by piece: memory depends on the texts alone.
 * Add documents, then look at `found`.
 */
export class OverlapFinder {
  /** 1 for each text that overlaps [n]. */
  readonly found: Uint8Array;
  private readonly textsWith = new Map<string, number[]>();
  /** Lengths of runs that are looked for: n, and those of shorter texts. */
  private readonly lengths = new Set<number>();

  constructor(texts: readonly string[], n: number) {
    this.found = new Uint8Array(texts.length);
    for (const [i, text] of texts.entries()) {
      const words = wordsOf(text);
      if (words.length > 0) this.lengths.add(Math.min(n, words.length));
      for (const run of new Set(runsOf(words, n))) {
        const others = this.textsWith.get(run);
        if (others) others.push(i);
        else this.textsWith.set(run, [i]);
      }
    }
  }

  /** One document of the corpus: no run goes over its end. */
  add(document: string): void {
    const words = wordsOf(document);
    for (const length of this.lengths) {
      if (words.length < length) continue;
      for (const run of runsOf(words, length)) {
        for (const i of this.textsWith.get(run) ?? []) this.found[i] = 1;
      }
    }
  }
}
