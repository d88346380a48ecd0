import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../data/support.js';
import { run } from './run.js';

const { folder, write } = temporaryFolder();

describe('datasets', () => {
  it('lists every format with a line, and where it is published', async () => {
    const { stdout } = await run('datasets');
    for (const name of ['sciq', 'sciq-support', 'boolq', 'ethics-justice', 'sst2']) {
      expect(stdout).toMatch(new RegExp(`^${name} +[\\w.-]+/[\\w.-]+ +\\S`, 'm'));
    }
    expect(stdout).toMatch(/^columns +\S.*\n +npx w2s-native train --data /m);
    const { formats, formatFacts } = JSON.parse((await run('datasets', '--json')).stdout);
    expect(formats).toContain('ethics-utilitarianism');
    expect(formatFacts.find(({ name }: { name: string }) => name === 'sst2')).toMatchObject({
      classes: ['negative', 'positive'],
      example: 'npx w2s-native train --dataset sst2',
      hub: { repo: 'stanfordnlp/sst2', config: 'default', train: 'train', test: 'validation' },
    });
  });

  it('show FORMAT --data FILE prints as many examples as are asked for, and the classes', async () => {
    const data = write(
      'films.tsv',
      `sentence\tlabel\n${Array.from({ length: 12 }, (_, i) => `film ${i}\t${i % 2}\n`).join('')}`,
    );
    const { code, stdout } = await run('datasets', 'show', 'sst2', '--data', data, '--rows', '10');
    expect(code).toBe(0);
    expect(stdout).toContain('train 12 (6 negative, 6 positive)');
    expect(stdout.match(/^text +film/gm)?.length).toBe(10);
    expect(stdout).toMatch(/row 2, id 1\ntext +film 0\nlabel +negative/);
  });

  it('show takes a table without a header, with bad rows or without a name', async () => {
    const data = write('plain.csv', '0,bad film\n1,good film\n1\n');
    const words = ['--no-header', '--text', '2', '--label', '1'];
    const strict = await run('datasets', 'show', data, ...words);
    expect(strict.code).toBe(4);
    expect(strict.stderr).toMatch(/line 3.*\n.*--skip-bad-rows/);
    const { stdout } = await run('datasets', 'show', '--data', data, ...words, '--skip-bad-rows');
    expect(stdout).toMatch(/train 2 \(1 0, 1 1\)\nLeft out +train 1; the first: .*line 3/);
    expect((await run('datasets', 'show', data)).stderr).toContain('--no-header --text 2 --label 1');
  });

  it('show spells out what would move the cursor of a terminal', async () => {
    const data = write('escape.jsonl', JSON.stringify({ text: 'a\u001b[2Jb', label: 0 }));
    const { stdout } = await run('datasets', 'show', data);
    expect(stdout).toMatch(/^text +a\\x1b\[2Jb$/m);
    const { stderr } = await run('datasets', 'show', write('escape.csv', 'a\u001b[2J,b\nc,0\n'));
    expect(stderr).toContain('received "a\\x1b[2J", "b"');
    expect(stderr).not.toContain('\u001b');
  });

  it('show keeps the end of a long text in sight', async () => {
    const row = { question: 'is it so', passage: 'word '.repeat(400), label: true };
    const data = write('long.jsonl', JSON.stringify(row));
    const { stdout } = await run('datasets', 'show', 'boolq', '--data', data);
    expect(stdout).toMatch(/text +Passage: word .* … .*\n +Question: is it so\nlabel +true/);
  });

  it('answers a misspelt format, file and column with the nearest one', async () => {
    write('sciq.json', '[{"question": "q"}]');
    expect((await run('datasets', 'show', 'sciqq')).stderr).toContain('Did you mean --dataset sciq?');
    const file = await run('datasets', 'show', 'sciq', '--data', join(folder, 'siq.json'));
    expect(file.stderr).toMatch(/Did you mean .*sciq.json\?/);
    const column = await run('datasets', 'show', write('c.csv', 'review,label\na,0\n'), '--text', 'reviews');
    expect(column.stderr).toContain('Did you mean --text review?');
    const none = await run('datasets', 'show', 'columns');
    expect([none.code, none.stderr]).toEqual([2, expect.stringContaining('--data FILE')]);
  });

  it('refuses --text where a format has more than one text', async () => {
    const data = write('q.json', '[{"question": "q"}]');
    const { code, stderr } = await run('datasets', 'show', 'sciq', '--data', data, '--text', 'question');
    expect(code).toBe(2);
    expect(stderr).toContain('Expected no --text for --dataset sciq');
  });
});
