/** Every format end to end with the models of bytes, which read any text: supervisor, labels, student, ceiling, tests. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { FORMATS } from '../../src/data/formats/index.js';
import { type TrainDocument, weakToStrong } from '../../src/index.js';
import { temporaryFolder } from '../support/results.js';

const { folder, cleanUp } = temporaryFolder();
afterAll(cleanUp);

const ROWS = 24;
const rows = <T>(make: (i: number) => T): T[] => Array.from({ length: ROWS }, (_, i) => make(i));
const jsonl = (make: (i: number) => object): string => rows((i) => `${JSON.stringify(make(i))}\n`).join('');
const table = (head: string, make: (i: number) => string): string => [head, ...rows(make), ''].join('\n');

const question = (i: number) => ({
  question: `What is ${i}?`,
  support: `${i} is a number.`,
  correct_answer: `number ${i}`,
  distractor1: 'a bird',
  distractor2: 'a tree',
  distractor3: 'a stone',
});
const talk = (i: number, answer: string) => `\n\nHuman: Is ${i} odd?\n\nAssistant: ${answer}`;
const FEN = 'r6k/pp2r2p/4Rp1Q/3p4/8/1N1P2R1/PqP2bPP/7K b - - 0 24';

/** By format: ending and content of a file of it. */
const FILES: Readonly<Record<string, readonly [ending: string, content: string]>> = {
  columns: ['csv', table('text,label', (i) => `text ${i},${i % 2}`)],
  sciq: ['json', JSON.stringify(rows(question))],
  'sciq-support': ['json', JSON.stringify(rows(question))],
  boolq: [
    'jsonl',
    jsonl((i) => ({ question: `is ${i} odd`, passage: `About ${i}.`, title: `${i}`, answer: i % 2 === 1 })),
  ],
  'ethics-justice': ['csv', table('label,scenario', (i) => `${i % 2},"I gave back ${i}, as I had said."`)],
  'ethics-deontology': [
    'csv',
    table(
      'label,scenario,excuse',
      (i) => `${i % 2},Could you count to ${i}?,But I have counted to ${i + 1}.`,
    ),
  ],
  'ethics-utilitarianism': ['csv', rows((i) => `I found ${i + 1} coins.,I lost ${i + 1} coins.\n`).join('')],
  sst2: ['tsv', table('sentence\tlabel', (i) => `a film of ${i} hours\t${i % 2}`)],
  hh: ['jsonl', jsonl((i) => ({ chosen: talk(i, 'I can tell.'), rejected: talk(i, 'No idea.') }))],
  pairs: ['jsonl', jsonl((i) => ({ prompt: `${i}, please:`, chosen: `${i}`, rejected: `${i + 1}` }))],
  'lichess-puzzles': [
    'csv',
    table(
      'PuzzleId,FEN,Moves,Rating,GameUrl',
      (i) => `p${i},${FEN},f2g3 e6e7 b2b1 b3c1,${1500 + i},https://x/${i}`,
    ),
  ],
};

test('each has a file here', () => {
  expect(Object.keys(FILES).sort()).toEqual(FORMATS.map(({ name }) => name).sort());
});

describe('train', () => {
  const train = (dataset: string, data: string, more = {}): Promise<TrainDocument> =>
    weakToStrong({
      ...{ dataset, data, out: join(folder, 'results'), device: 'cpu', threads: 1 },
      ...{ weak: 'tiny-xs', strong: 'tiny-s', maxContext: 96, epochs: 1, lr: 1e-3, batchSize: 4 },
      ...{ trainSize: 8, testSize: 4 },
      ...more,
    });

  test.each(Object.entries(FILES))('on %s', async (dataset, [ending, content]) => {
    const data = join(folder, `${dataset}.${ending}`);
    writeFileSync(data, content);
    const document = await train(dataset, data);
    expect(document.labels.n).toBe(4);
    for (const { accuracy, n } of [document.weak, document.student, document.ceiling]) {
      expect(n).toBe(4);
      expect(accuracy).toBeGreaterThanOrEqual(0);
      expect(accuracy).toBeLessThanOrEqual(1);
    }
    // Bytes play no chess, but the rules say how often they do.
    if (dataset === 'lichess-puzzles')
      expect(document.student.measures).toMatchObject({ legal: expect.any(Number) });
  });

  test('on games in PGN', async () => {
    const data = join(folder, 'games.pgn');
    const results = ['1-0', '0-1'];
    writeFileSync(
      data,
      rows(
        (i) => `[Event "${i}"]\n[Result "${results[i % 2]}"]\n\n1. e4 e5 2. Nf3 Nc6 ${results[i % 2]}\n\n`,
      ).join(''),
    );
    expect((await train('columns', data, { label: 'Result' })).student.n).toBe(4);
  });
});
