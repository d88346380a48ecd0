/** Nothing between two optimizer steps may read a value on the host: on a GPU that would wait for all that is queued. */
import { expect, it } from 'vitest';
import { binding } from './fixtures.js';

it('no loss waits for its device', () => {
  const found = binding.checkWaits();
  // The check itself notices one that does.
  expect(found).toHaveLength(1);
  expect(found[0]).toMatch(/^a value that is read: /);
});
