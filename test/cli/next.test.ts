import { expect, it } from 'vitest';
import { commandWith } from '../../src/cli/next.js';

it('repeats what was typed, with settings that take effect', () => {
  const typed = { _: [], data: "my file's.csv", header: false, 'strong-loss': 'xent', json: true };
  expect(commandWith('train', typed, { loss: 'confidence' })).toBe(
    "npx w2s-native train --data 'my file'\\''s.csv' --no-header --loss confidence",
  );
});
