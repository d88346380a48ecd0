/** What of a test item a corpus is searched for. */
import { expect, test } from 'vitest';
import { wholeTexts } from '../../src/execution/analyse/leakage.js';

test('an item is its text, or its prompt with its answer, or with either of two', () => {
  expect(wholeTexts({ text: 'a text' })).toEqual(['a text']);
  expect(wholeTexts({ prompt: 'Say', completions: ['yes'] })).toEqual(['Say yes']);
  expect(wholeTexts({ prompt: 'Say', completions: ['yes', 'no'] })).toEqual(['Say yes', 'Say no']);
  expect(wholeTexts({ prompt: 'Say' })).toEqual(['Say']);
});
