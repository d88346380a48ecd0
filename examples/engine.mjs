// The lowest level: a model and a trainer as handles, and a training loop of one's own.
//   node examples/engine.mjs
import { openModel } from 'w2s-native';

const model = await openModel('chess-xs', { head: 'classifier', labels: 2, device: 'cpu' });
console.log(`${model.info.family}, ${model.info.parameters} parameters, context ${model.info.contextLength}`);

// Texts become packed sequences: all tokens in one row, and where each text begins.
const batch = await model.encode(['e2e4 e7e5', 'e2e4 e7e5 g1f3', 'd2d4 d7d5', 'd2d4 d7d5 c2c4']);
// One row of target probabilities a text: class 1 where White moved last.
const targets = Float32Array.of(1, 0, 0, 1, 1, 0, 0, 1);

const trainer = model.createTrainer({ optimizer: 'adamw', clip: 1 });
for (let step = 0; step < 20; step++) {
  const { loss } = await trainer.forwardBackward(batch, { loss: 'xent', targets });
  const { gradNorm } = await trainer.step({ lr: 1e-3, headLr: 1e-3 });
  if (step % 5 === 0)
    console.log(`step ${step}: loss ${loss.toFixed(3)}, gradient norm ${gradNorm.toFixed(3)}`);
}

const { logits } = await model.score(batch);
const answers = Array.from({ length: 4 }, (_, i) => (logits[2 * i + 1] > logits[2 * i] ? 'white' : 'black'));
console.log(answers.join(' '));

trainer.dispose();
await model.dispose();
