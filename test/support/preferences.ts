/** Preferences on the tiny world: of two words, the better is the one whose number is the larger. */
import { stream } from '../../src/data/random.js';
import { VOCABULARY } from './tinyWorld.js';

export interface PairRow {
  id: string;
  prompt: string;
  chosen: string;
  rejected: string;
}

/** Rows of `pairs`: a prompt of two words, and two words of which the one with the larger number is chosen. */
export function preferences(count: number, seed: number, prefix: string, words = 24): PairRow[] {
  const random = stream(seed, 'preferences', prefix);
  return Array.from({ length: count }, (_, i) => {
    const prompt = `w${random.below(words)} w${random.below(words)}`;
    const a = random.below(words);
    const b = (a + 1 + random.below(words - 1)) % words;
    return {
      id: `${prefix}${i}`,
      prompt,
      chosen: `w${Math.max(a, b)}`,
      rejected: `w${Math.min(a, b)}`,
    };
  });
}

/** What any token of the tiny world is worth as a completion: a word its number, all else −1. */
export function possibleScores(): Readonly<Record<string, number>> {
  const words = VOCABULARY.map((word) => [word, /^w\d+$/.test(word) ? Number(word.slice(1)) : -1] as const);
  return Object.fromEntries(words);
}
