/** Nothing between two optimizer steps may read a value on the host: on a GPU that would wait for all that is queued. */
import { expect, it } from 'vitest';
import { binding, goldenCase } from './fixtures.js';

for (const name of ['gpt2-odd', 'llama-grouped']) {
  it(`no loss and no pass of ${name} waits for its device`, () => {
    // The last two read a value, so that the check is seen to notice it.
    expect(binding.checkWaits(goldenCase(name).folder)).toEqual([
      'a value that is read in passing: aten::_local_scalar_dense',
      expect.stringMatching(/^a value that is read: aten::_local_scalar_dense/),
    ]);
  });
}
