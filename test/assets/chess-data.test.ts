import { join } from 'node:path';
import { Chess } from 'chessops/chess';
import { makeFen } from 'chessops/fen';
import { parseUci } from 'chessops/util';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { describe, expect, it } from 'vitest';

interface Row {
  id: string;
  group: string;
  prompt?: string;
  text?: string;
  completion?: string;
  label?: number;
}

const splits = ['train', 'validation', 'test'] as const;
const data = join(import.meta.dirname, '../../assets/data');

async function read(name: string, split: string): Promise<Row[]> {
  const file = await asyncBufferFromFile(join(data, name, `${split}.parquet`));
  return (await parquetReadObjects({ file })) as unknown as Row[];
}

function play(text: string): Chess {
  const position = Chess.default();
  for (const uci of text.split(' ')) {
    const move = parseUci(uci);
    if (!move || !position.isLegal(move)) throw new Error(`${uci} is not legal in ${text}`);
    position.play(move);
  }
  return position;
}

/** In UCI no move ends on an own piece; chessops also reads such a king's move as castling. */
const isLegal = (position: Chess, uci: string): boolean => {
  const move = parseUci(uci);
  return move !== undefined && !position.board[position.turn].has(move.to) && position.isLegal(move);
};

describe.each(['chess-puzzles', 'chess-legal', 'chess-check'])('%s', (name) => {
  it('has legal games and right labels, and asks about each game and position once', async () => {
    const seen = { games: new Set<string>(), positions: new Set<string>(), ids: new Set<string>() };
    let rows = 0;
    for (const split of splits) {
      for (const row of await read(name, split)) {
        rows++;
        const position = play(row.prompt ?? row.text ?? '');
        seen.games.add(row.group);
        seen.ids.add(row.id);
        seen.positions.add(makeFen(position.toSetup(), { epd: true }));
        const truth = row.completion ? isLegal(position, row.completion) : position.isCheck();
        expect(truth, row.id).toBe((row.label ?? 1) === 1);
      }
    }
    expect(seen.ids.size).toBe(rows);
    expect(seen.games.size).toBe(rows);
    expect(seen.positions.size).toBe(rows);
  });

  it('has at least 2,000 test rows, both labels alike', async () => {
    const test = await read(name, 'test');
    expect(test.length).toBeGreaterThanOrEqual(2000);
    expect((await read(name, 'validation')).length).toBeGreaterThanOrEqual(500);
    const positives = test.filter((row) => row.label === 1).length;
    if (name !== 'chess-puzzles') expect(positives * 2).toBe(test.length);
  });
});
