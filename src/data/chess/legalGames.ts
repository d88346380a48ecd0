import { badField, shown } from '../badRow.js';
import type { RecordReader } from '../formats/format.js';
import { movesOf, playOn, positionOf, startPosition } from './position.js';

/**
 * A reader whose prompts have to be legal games. Completions may be anything: where they are a model's answers,
 * some are not legal.
 */
export function withLegalGames(reader: RecordReader): RecordReader {
  const [column = 'prompt'] = reader.textColumns;
  const read: RecordReader['read'] = (record, place, number) => {
    const examples = reader.read(record, place, number);
    for (const { prompt } of examples) {
      if (prompt === undefined || positionOf(prompt) !== null) continue;
      const moves = movesOf(prompt);
      const ply = playOn(startPosition(), moves);
      throw badField(place, column, `a legal move as ply ${ply + 1} (UCI, such as e2e4)`, shown(moves[ply]));
    }
    return examples;
  };
  return { ...reader, read };
}
