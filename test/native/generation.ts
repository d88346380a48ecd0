/** What tests of generation share: continuations as lists, and the model's own probabilities by scoring. */
import type { GenerateOptions, GenerateResult, NativeModel } from '../../src/native/binding.js';
import { packOf, ROOMY } from './fixtures.js';

export interface Continuation {
  tokens: number[];
  logProbabilities: number[];
  margins: number[];
  stopped: boolean;
}

/** The continuations of a result, one by one. */
export function continuationsOf(result: GenerateResult): Continuation[] {
  return Array.from(result.stopped, (stopped, i) => {
    const [from, to] = [result.offsets[i], result.offsets[i + 1]];
    return {
      tokens: Array.from(result.tokens.subarray(from, to)),
      logProbabilities: Array.from(result.logProbabilities.subarray(from, to)),
      margins: Array.from(result.margins.subarray(from, to)),
      stopped: stopped === 1,
    };
  });
}

export const GREEDY = { temperature: 0, stopTokens: new Int32Array(), ...ROOMY };

export async function continued(
  model: NativeModel,
  prompts: readonly (readonly number[])[],
  options: Partial<GenerateOptions> & Pick<GenerateOptions, 'maxNewTokens'>,
): Promise<Continuation[]> {
  return continuationsOf(await model.generate(packOf(prompts), { ...GREEDY, ...options }));
}

/** log p of every token of the vocabulary behind a prompt, each by a pass of its own. */
export async function distributionAfter(model: NativeModel, prompt: readonly number[]): Promise<number[]> {
  const texts = Array.from({ length: model.info.vocabularySize }, (_, token) => [...prompt, token]);
  const targetStarts = Int32Array.from(texts, () => prompt.length);
  const { logProbabilities } = await model.score({ ...packOf(texts), targetStarts }, ROOMY);
  return Array.from(logProbabilities);
}

/** softmax(log p / temperature), in double precision. */
export function tempered(logProbabilities: readonly number[], temperature: number): number[] {
  const best = Math.max(...logProbabilities);
  const weights = logProbabilities.map((value) => Math.exp((value - best) / temperature));
  const sum = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight) => weight / sum);
}

/** Tokens of the smallest set of likeliest ones that reaches `topP`, by a loop over the sorted list. */
export function nucleus(probabilities: readonly number[], topP: number): Set<number> {
  const order = probabilities.map((_, token) => token).sort((a, b) => probabilities[b]! - probabilities[a]!);
  const kept = new Set<number>();
  let sum = 0;
  for (const token of order) {
    if (sum >= topP) break;
    kept.add(token);
    sum += probabilities[token]!;
  }
  return kept;
}

/**
 * Pearson's chi-square of drawn tokens against their probabilities, in standard deviations above its mean; tokens
 * of which fewer than five are expected count as one.
 */
export function surprise(drawn: readonly number[], probabilities: readonly number[]): number {
  const counts = probabilities.map(() => 0);
  for (const token of drawn) counts[token]!++;
  const cells: { expected: number; count: number }[] = [];
  const rare = { expected: 0, count: 0 };
  for (const [token, probability] of probabilities.entries()) {
    const expected = probability * drawn.length;
    if (expected >= 5) cells.push({ expected, count: counts[token]! });
    else {
      rare.expected += expected;
      rare.count += counts[token]!;
    }
  }
  if (rare.expected > 0) cells.push(rare);
  else if (rare.count > 0) return Number.POSITIVE_INFINITY;
  const sum = cells.reduce((total, { expected, count }) => total + (count - expected) ** 2 / expected, 0);
  const freedom = cells.length - 1;
  return (sum - freedom) / Math.sqrt(2 * freedom);
}
