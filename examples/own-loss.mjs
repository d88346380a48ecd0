// A student trained with a loss of one's own, beside one that takes the weak labels as they are.
//   node examples/own-loss.mjs
import { weakToStrong } from 'w2s-native';
import { sharpened } from './sharpened.mjs';

const settings = {
  dataset: 'chess-legal',
  weak: 'chess-xs',
  strong: 'chess-s',
  trainSize: 200,
  testSize: 400,
};
const plain = await weakToStrong(settings);
const own = await weakToStrong(settings, { loss: sharpened, lossParams: { gamma: 3 } });

for (const [name, { student }] of Object.entries({ plain, own })) {
  const [low, high] = student.ci95.map((share) => (100 * share).toFixed(1));
  console.log(`${name.padEnd(5)} student ${(100 * student.accuracy).toFixed(1)} % [${low}, ${high}]`);
}
