// Holds a loss's gradient against central differences: two columns that should be the same.
//   node examples/check-gradient.mjs
import { sharpened } from './sharpened.mjs';

const targets = Float32Array.of(0.2, 0.8, 0.9, 0.1);
const loss = (logits) => sharpened.apply({ logits, targets, classes: 2, params: { gamma: 2 }, progress: 0 });
const logits = Float32Array.of(0.3, -0.5, 1.5, 0.25);
const { dLogits } = loss(logits);
const step = 1 / 128;
logits.forEach((value, i) => {
  const [above, below] = [step, -step].map((h) => loss(logits.with(i, value + h)).loss);
  console.log(dLogits[i].toFixed(4), ((above - below) / (2 * step)).toFixed(4));
});
