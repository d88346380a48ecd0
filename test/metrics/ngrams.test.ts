import { expect, test } from 'vitest';
import { OverlapFinder, runsOf, wordsOf } from '../../src/metrics/index.js';

test('words are runs of letters and digits, in lower case', () => {
  expect(wordsOf('The Cat, e2e4! Straße—déjà')).toEqual(['the', 'cat', 'e2e4', 'straße', 'déjà']);
});

test('a text of fewer words than a run is one run', () => {
  expect([...runsOf(['a', 'b', 'c', 'd'], 3)]).toEqual(['a b c', 'b c d']);
  expect([...runsOf(['a', 'b'], 3)]).toEqual(['a b']);
  expect([...runsOf([], 3)]).toEqual([]);
});

test('a text overlaps when one of its runs stands in one document', () => {
  const finder = new OverlapFinder(['the quick brown fox', 'brown fox jumps over', 'quick fox', 'fox'], 3);
  finder.add('See, the QUICK brown dog');
  finder.add('a brown');
  finder.add('fox jumps over it');
  expect([...finder.found]).toEqual([1, 1, 0, 1]);
});

test('agrees with a search through all texts on random words', () => {
  let state = 1;
  const below = (n: number) => {
    state = (state * 48271) % 2147483647;
    return state % n;
  };
  const words = (count: number) => Array.from({ length: count }, () => 'abcd'.charAt(below(4)));
  const texts = Array.from({ length: 60 }, () => words(1 + below(9)).join(' '));
  const documents = Array.from({ length: 12 }, () => words(6).join(' '));
  const finder = new OverlapFinder(texts, 5);
  for (const document of documents) finder.add(document);
  const expected = texts.map((text) => {
    const runs = [...runsOf(text.split(' '), 5)];
    return documents.some((document) => runs.some((run) => ` ${document} `.includes(` ${run} `))) ? 1 : 0;
  });
  expect([...finder.found]).toEqual(expected);
});
