// A data set of one's own, made of a file that is there: does the last move of a game take back, on the square of the
// move before it? The games are those of chess-check.
//   npx w2s-native train --dataset ./examples/recaptures.mjs --weak chess-xs --strong chess-s --lr 3e-4
import { defineDataset } from 'w2s-native';

const to = (move) => move.slice(2, 4);

export default defineDataset({
  name: 'recaptures',
  about: 'Does the last move take back on the square of the one before it?',
  source: {
    train: '../assets/data/chess-check/train.parquet',
    test: '../assets/data/chess-check/test.parquet',
  },
  classes: ['other', 'recapture'],
  // Games of one move have none before it: they are left out.
  expand: (game) => (game.text.includes(' ') ? [game] : []),
  text: 'text',
  label({ text }) {
    const [before, last] = text.trim().split(' ').slice(-2);
    return to(before) === to(last) ? 'recapture' : 'other';
  },
});
