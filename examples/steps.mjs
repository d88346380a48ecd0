// The same experiment by hand, one step at a time, on files: what `weakToStrong` does for you.
//   node examples/steps.mjs
import { mkdir, writeFile } from 'node:fs/promises';
import { evaluate, finetune, label } from 'w2s-native';

// A task that two tiny models can learn in seconds: was the last move of an opening a knight's?
const rows = [];
for (const first of ['e2e4', 'd2d4', 'c2c4', 'g1f3']) {
  for (const reply of ['e7e5', 'd7d5', 'c7c5', 'g8f6', 'b8c6']) {
    for (const last of ['b1c3', 'g2g3', 'b1a3', 'a2a3']) {
      rows.push({
        id: `${rows.length}`,
        text: `${first} ${reply} ${last}`,
        label: last[0] === 'b' ? 'knight' : 'pawn',
      });
    }
  }
}
const jsonl = (lines) => lines.map((line) => JSON.stringify(line)).join('\n');
await mkdir('steps', { recursive: true });
await writeFile('steps/weak.jsonl', jsonl(rows.slice(0, 24)));
await writeFile('steps/transfer.jsonl', jsonl(rows.slice(24, 52).map(({ id, text }) => ({ id, text }))));
await writeFile('steps/test.jsonl', jsonl(rows.slice(52)));

const out = 'steps/results';
const training = { lr: 5e-4, epochs: 8, batchSize: 8, device: 'cpu', out };
const modelOf = ({ store, step }) => `${store}/steps/${step}/model`;

// The supervisor learns from true labels, and writes its own for rows that have none.
const weak = await finetune({ model: 'chess-xs', data: 'steps/weak.jsonl', ...training });
await label({ model: modelOf(weak), data: 'steps/transfer.jsonl', export: 'steps/weak-labels.jsonl', out });
// The student sees these alone.
const student = await finetune({ model: 'chess-s', data: 'steps/weak-labels.jsonl', ...training });

for (const [name, trained] of Object.entries({ weak, student })) {
  const { accuracy, ci95, n } = await evaluate({
    model: modelOf(trained),
    testData: 'steps/test.jsonl',
    out,
  });
  console.log(
    `${name}: ${(100 * accuracy).toFixed(1)} % of ${n} right, 95 % interval from ${ci95.map((x) => (100 * x).toFixed(1)).join(' to ')}`,
  );
}
