import { badField, type Place, shown } from '../badRow.js';
import { columnFinder, type Fields, identifier, numberField, refuseColumns, textField } from './fields.js';
import type { DatasetFormat, RawExample, RecordReader } from './format.js';

type Chess = typeof import('../chess/position.js');

/** Columns as the Lichess database and its copy on the hub spell them. */
const COLUMNS = {
  id: ['PuzzleId'],
  position: ['FEN'],
  moves: ['Moves'],
  rating: ['Rating'],
  game: ['GameId', 'GameUrl'],
};

/**
 * Puzzles of lichess.org (database.lichess.org, CC0): `FEN` is the position before the other side's last move,
 * which is the first of `Moves`; the second is the answer. The prompt is the position between the two. Puzzles
 * of one game stay together. Any mate is a right answer where the answer mates.
 */
export const lichessPuzzles: DatasetFormat = {
  name: 'lichess-puzzles',
  about: 'Lichess puzzles: the best move in a position. Columns PuzzleId, FEN, Moves, Rating, GameUrl',
  example: 'train --dataset lichess-puzzles --data lichess_db_puzzle.csv',
  task: 'completion',
  async bind(source, request) {
    refuseColumns('lichess-puzzles', request.columns, ['text', 'label']);
    const find = columnFinder(source, 'lichess-puzzles');
    const position = find(COLUMNS.position);
    const moves = find(COLUMNS.moves);
    const optional = (spellings: readonly string[]): string | undefined =>
      spellings.find((spelling) => source.columns.includes(spelling));
    const [id, rating, game] = [COLUMNS.id, COLUMNS.rating, COLUMNS.game].map(optional);
    const chess = await import('../chess/position.js');
    const read: RecordReader['read'] = (record, place, number) => {
      const name = id === undefined ? String(number) : identifier(record, id, place);
      const { prompt, answer } = puzzleOf(chess, record, { position, moves, place, labels: request.labels });
      const example: RawExample = {
        id: name,
        group: game === undefined ? name : gameOf(textField(record, game, place)),
        row: place.row,
        prompt,
      };
      if (answer !== undefined) example.completion = answer;
      if (rating !== undefined) example.rating = numberField(record, rating, place);
      return [example];
    };
    return { task: 'completion', textColumns: [position, moves], labelColumn: moves, read };
  },
  judge: async () => (await import('../chess/judge.js')).judgeLine,
};

interface PuzzleColumns {
  position: string;
  moves: string;
  place: Place;
  /** Whether the answer is looked at. */
  labels: boolean;
}

function puzzleOf(
  chess: Chess,
  record: Fields,
  columns: PuzzleColumns,
): { prompt: string; answer?: string | undefined } {
  const { place } = columns;
  const fen = textField(record, columns.position, place).trim();
  const found = chess.positionOfFen(fen);
  if ('problem' in found) {
    throw badField(place, columns.position, 'a position in FEN', `${shown(fen)}, ${found.problem}`);
  }
  const moves = chess.movesOf(textField(record, columns.moves, place));
  const wanted = columns.labels ? 2 : 1;
  const legal = chess.playOn(found.position, moves.slice(0, 1));
  const prompt = chess.fenPrompt(chess.fenOf(found.position));
  const played = legal === 1 ? 1 + chess.playOn(found.position, moves.slice(1, wanted)) : 0;
  if (played < wanted) {
    const expected = `a legal move as move ${played + 1} (UCI, such as e2e4)`;
    throw badField(place, columns.moves, expected, shown(moves[played]));
  }
  return { prompt, answer: columns.labels ? moves[1] : undefined };
}

/** `787zsVup` of `https://lichess.org/787zsVup/black#48`; any other name as it stands. */
function gameOf(name: string): string {
  return /^https?:\/\/[^/]+\/([^/#?]+)/.exec(name)?.[1] ?? name;
}
