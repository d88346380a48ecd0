import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { loadSplit, resolveDataset } from '../../src/data/index.js';
import { errorOf, temporaryFolder } from './support.js';

const { write } = temporaryFolder();
const ALL = { part: 'all-train', seed: 0, dataSeed: 0, trainSize: null, testSize: null } as const;
let files = 0;

async function load(
  pgn: string,
  { labels = false, skipBadRows = false, gzip = false, label = undefined as string | undefined } = {},
) {
  const name = `games-${files++}.pgn${gzip ? '.gz' : ''}`;
  const data = write(name, gzip ? gzipSync(pgn) : pgn);
  const named = label === undefined ? {} : { label };
  const found = await resolveDataset({ data, skipBadRows, ...named });
  return loadSplit({ ...ALL, dataset: found.spec }, found.task, found.locations, { labels });
}

const CASTLING = `% a comment of the whole file
[Event "Casual; game"]
[White "A \\"B\\""]
[Result "1-0"]

1. e4 e5 2. Nf3 {a comment
that goes on} Nc6 (2... d6 3. d4 exd4) 3. Bc4 $1 Bc5 4. O-O! Nf6 ; the rest of a line
5. d3 O-O 1-0

`;
/** The longest castling, a capture in passing and a promotion with check. */
const OTHERS = `[Event "Two"]
[Result "0-1"]

1. d4 e5 2. d5 c5 3. dxc6 Nf6 4. cxb7 Be7 5. bxa8=Q O-O 6. Bf4 d6 7. Nc3 Bd7 8. Qd2 Qb6 9. O-O-O 0-1
`;

describe('a file of games in PGN', () => {
  it('gives the moves of each game in UCI, named by the line that it begins on', async () => {
    for (const gzip of [false, true]) {
      const { rows, task } = await load(CASTLING + OTHERS, { gzip });
      expect(task).toBe('classification');
      expect(rows.map(({ id, row }) => [id, row])).toEqual([
        ['1', 2],
        ['2', 10],
      ]);
      expect(rows.map(({ text }) => text)).toEqual([
        'e2e4 e7e5 g1f3 b8c6 f1c4 f8c5 e1g1 g8f6 d2d3 e8g8',
        'd2d4 e7e5 d4d5 c7c5 d5c6 g8f6 c6b7 f8e7 b7a8q e8g8 c1f4 d7d6 b1c3 c8d7 d1d2 d8b6 e1c1',
      ]);
    }
  });

  it('takes tags as columns, so that one may be the label', async () => {
    const { rows, classes } = await load(CASTLING + OTHERS, { label: 'Result', labels: true });
    expect(classes).toEqual(['0-1', '1-0']);
    expect(rows.map(({ label }) => label)).toEqual([
      [0, 1],
      [1, 0],
    ]);
  });

  it('reads Windows line ends', async () => {
    const { rows } = await load((CASTLING + OTHERS).replaceAll('\n', '\r\n'));
    expect(rows.map(({ row }) => row)).toEqual([2, 10]);
  });

  it.each([
    ['[Event "x"]\n\n1. e4 e5 2. Ke3 *\n', /a legal move as ply 3 for field "text" in .*, line 18, .*"Ke3"/],
    ['[Event "x"]\n\n1. e4 Nc6 Ne7 *\n', /a legal move as ply 3 for field "text" in .*, line 18, .*"Ne7"/],
    [
      '[FEN "8/8/8/4k3/8/4K3/4P3/8 w - - 0 1"]\n\n1. Kd3 *\n',
      /usual position for field "FEN" in .*, line 18,/,
    ],
    ['[Variant "Atomic"]\n\n1. Nf3 *\n', /usual rules for field "Variant" in .*, line 18, .*"Atomic"/],
    ['[Event "x"]\n\n*\n', /text for field "text" in .*, line 18, .*a blank/],
  ])('names file, line and field of what is wrong: %j', async (game, message) => {
    const content = `${CASTLING + OTHERS}\n\n\n\n${game}`;
    const error = await errorOf(load(content));
    expect([error.code, error.exitCode]).toEqual(['ERR_DATA', 4]);
    expect(error.message).toMatch(message);
    const { rows, skipped } = await load(content, { skipBadRows: true });
    expect([rows.length, skipped]).toEqual([2, 1]);
  });

  it('has no rows where it has no games', async () => {
    expect((await errorOf(load('\n\n'))).message).toMatch(/at least one row in .*no rows/);
  });

  it('is read in pieces, games that span two of them included', async () => {
    const comment = (i: number) => `{${'é€𝄞 no move\n'.repeat((i * 7919) % 1500)}}`;
    const games = Array.from(
      { length: 160 },
      (_, i) => `[Round "${i}"]\n[Result "*"]\n\n1. e4 ${comment(i)} e5 2. Nf3 *\n`,
    );
    const begins = games.map((_, i) => games.slice(0, i).join('\n').split('\n').length + (i > 0 ? 1 : 0));
    const content = games.join('\n');
    expect(Buffer.byteLength(content)).toBeGreaterThan(2 << 20);
    for (const gzip of [false, true]) {
      const { rows } = await load(content, { gzip });
      expect(rows.map(({ text }) => text)).toEqual(games.map(() => 'e2e4 e7e5 g1f3'));
      expect(rows.map(({ row }) => row)).toEqual(begins);
    }
    const error = await errorOf(load(`${content}\n[Round "x"]\n\n1. Ke2 *\n`));
    expect(error.message).toMatch(new RegExp(`line ${content.split('\n').length + 1}, `));
  });

  it('is read where no blank line parts its games', async () => {
    const content =
      '[White "a"]\n1. e4 *\n[White "b"]\n[Black "c"] 1. d4 *\n [White "d"]\n\n1. c4 *\n1... c5';
    const { rows } = await load(content, { label: 'White', labels: true });
    expect(rows.map(({ row, text, label }) => [row, text, label])).toEqual([
      [1, 'e2e4', [1, 0, 0]],
      [3, 'd2d4', [0, 1, 0]],
      [5, 'c2c4 c7c5', [0, 0, 1]],
    ]);
  });

  it('takes remarks between games for no game, and tags with blanks in their brackets for tags', async () => {
    const content =
      '; remark\n[White "a"]\n; another\n\n1. e4 ; best by test\ne5 *\n\n; next\n\n[ White "b [x]" ]\n\n1. d4 *\n\n; end\n';
    const { rows, classes } = await load(content, { label: 'White', labels: true });
    expect(rows.map(({ row, text }) => [row, text])).toEqual([
      [2, 'e2e4 e7e5'],
      [10, 'd2d4'],
    ]);
    expect(classes).toEqual(['a', 'b [x]']);
  });

  it('takes what stands in a comment or behind % for no tag', async () => {
    const { rows } = await load(
      '[White "a"]\n\n1. e4 {[White "b"] and\n\n[%clk "1"]} e5\n%[White "c"]\n2. Nf3 *',
    );
    expect(rows.map(({ row, text }) => [row, text])).toEqual([[1, 'e2e4 e7e5 g1f3']]);
  });

  const LATER = '\n\n[White "b"]\n\n1. d4 *\n';
  it.each([
    ['open at the end', '1. e4 {no end *\n', /line 18, .*a comment that is never closed/],
    ['open at the end, tags only before it', '[White "a"]\n\n{', /line 18, .*never closed/],
    ['open at the next game', `1. e4 {no end *${LATER}`, /line 18, .*still open at the tag in line 20/],
    [
      'closed in a later game',
      `1. e4 {no end *${LATER.replace('d4', 'd4 {x}')}`,
      /line 18, .*tag in line 20/,
    ],
    ['closed, but too long', `1. e4 {${'long\n'.repeat(300_000)}} *${LATER}`, /line 18, .*too long/],
    ['too long and never closed', `1. e4 {${'no end\n'.repeat(200_000)}`, /line 18, .*too long/],
  ])('is refused where a comment is %s, since the games after it are lost', async (_, game, message) => {
    for (const skipBadRows of [false, true]) {
      const error = await errorOf(load(`${CASTLING + OTHERS}\n\n\n\n${game}`, { skipBadRows }));
      expect([error.code, error.hint]).toEqual(['ERR_DATA', expect.stringMatching(/and try again$/)]);
      expect(error.message).toMatch(message);
    }
  });
});
