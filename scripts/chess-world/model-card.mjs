/**
 * Writes a built-in model's card from what pretrain.mjs measured.
 *
 *   node scripts/chess-world/model-card.mjs --measured WORK/measured.json --out assets/models/chess-m
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { sizes } from './init-model.mjs';

const millions = (value) => `${(value / 1e6).toFixed(2)} million`;
const percent = (value) => `${(100 * value).toFixed(1)} %`;

function card(m) {
  const { hidden, layers, heads, inner } = sizes[m.size];
  return `# ${m.size}

A small language model of chess games: Llama architecture, one token a move (UCI), no board anywhere. Made
for weak-to-strong experiments that run on a laptop; it is no good chess player.

| | |
|---|---|
| parameters | ${m.parameters.toLocaleString('en')} (tied embeddings, ${m.vocabulary.toLocaleString('en')} tokens) |
| shape | ${hidden} hidden, ${layers} ${layers === 1 ? 'layer' : 'layers'}, ${heads} heads, ${inner} feed-forward, context ${m.context} |
| data | ${m.games.toLocaleString('en')} games of Stockfish 15.1 against itself at 20 to 200 nodes a move, with random openings and mistakes, at most 40 plies, no game twice |
| training | ${m.steps.toLocaleString('en')} steps of ${m.batch} games = ${millions(m.tokens)} tokens (${m.epochs.toFixed(2)} epochs), this package's engine, float32 |
| optimiser | Muon ${m.optimizer.lr} on matrices, AdamW ${m.optimizer.headLr} on the rest; ${m.optimizer.warmup} steps of warm-up, linear to zero over the last ${percent(m.optimizer.decay)} |
| time | ${(m.seconds / 60).toFixed(0)} minutes on ${m.threads} thread of ${m.cpu}, a machine shared with other work, ${m.date} |
| held-out games | ${m.heldOut.toLocaleString('en')}: loss ${m.validationLoss.toFixed(3)} a move; the likeliest move is the one played ${percent(m.argmaxPlayed)}, legal ${percent(m.argmaxLegal)} |
| weights | bfloat16 safetensors |
| licence | CC0 1.0: games, weights and this card |

All sizes of the ladder saw the same games in the same order. To make it again: \`scripts/chess-world/README.md\`,
with \`--size ${m.size} --steps ${m.steps} --lr ${m.optimizer.lr} --head-lr ${m.optimizer.headLr}\`.
`;
}

const { values } = parseArgs({ options: { measured: { type: 'string' }, out: { type: 'string' } } });
writeFileSync(join(values.out, 'card.md'), card(JSON.parse(readFileSync(values.measured, 'utf8'))));
