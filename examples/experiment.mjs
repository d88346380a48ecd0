// One small experiment from Node: a weak model teaches a stronger one which chess moves are legal.
//   node examples/experiment.mjs
import { weakToStrong } from 'w2s-native';

const settings = {
  dataset: 'chess-legal',
  weak: 'chess-xs',
  strong: 'chess-s',
  trainSize: 400,
  testSize: 400,
  seed: [0, 1],
};
const result = await weakToStrong(settings, {
  onEvent: (event) => {
    if (event.type === 'step-done') console.error(`seed ${event.seed}: ${event.role}, ${event.n} rows`);
  },
});

const percent = (share) => `${(100 * share).toFixed(1)} %`;
for (const role of ['weak', 'student', 'ceiling']) {
  const { model, accuracy, ci95 } = result[role];
  console.log(`${role.padEnd(8)} ${model.padEnd(9)} ${percent(accuracy)}  [${ci95.map(percent).join(', ')}]`);
}
const { value, ci95, reason } = result.pgr;
console.log(
  value === null
    ? `no PGR: ${reason}`
    : `PGR ${value.toFixed(2)} [${ci95.map((x) => x.toFixed(2)).join(', ')}]`,
);
