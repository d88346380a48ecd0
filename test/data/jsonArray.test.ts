/** An array cut at its commas holds what JSON.parse finds in it, wherever its bytes are parted. */
import { describe, expect, it } from 'vitest';
import { stream } from '../../src/data/random.js';
import { openSource } from '../../src/data/sources/index.js';
import { ArrayCutter } from '../../src/data/sources/jsonArray.js';
import { errorOf, temporaryFolder } from './support.js';

const { write } = temporaryFolder();

class Broken extends Error {}
const broken = (line: number) => new Broken(String(line));

/** The elements of a text whose bytes come `size` at a time. */
function cut(text: string, size: number): unknown[] {
  const bytes = Buffer.from(text);
  const cutter = new ArrayCutter(broken, broken);
  const found: unknown[] = [];
  for (let at = 0; at < bytes.length; at += size) {
    for (const element of cutter.cut(bytes.subarray(at, at + size)))
      found.push(JSON.parse(element.bytes.toString('utf8')));
  }
  cutter.end();
  return found;
}

const random = stream(0, 'json-array');
const PIECES = ['a', 'é', '€', '𝄞', '"', '\\', '\\\\', '\n', ',', ']', '[', '{', '}', '\\"', '\u0000', ' '];
const textOf = () =>
  Array.from({ length: random.below(8) }, () => PIECES[random.below(PIECES.length)]).join('');

function madeValue(depth: number): unknown {
  const kind = random.below(depth > 2 ? 4 : 6);
  if (kind === 0) return random.below(1000) - 500.5;
  if (kind === 1) return [null, true, false][random.below(3)];
  if (kind < 4) return textOf();
  const inner = Array.from({ length: random.below(4) }, () => madeValue(depth + 1));
  return kind === 4 ? inner : Object.fromEntries(inner.map((value) => [textOf(), value]));
}

describe('an array cut at its commas', () => {
  it('has the elements that JSON.parse finds', () => {
    for (let round = 0; round < 300; round++) {
      const values = Array.from({ length: random.below(6) }, () => madeValue(0));
      const text = ` ${JSON.stringify(values, null, [0, 1, '\t'][random.below(3)])}\r\n `;
      for (const size of [1, 2, 3, 7, 64, text.length * 4]) expect(cut(text, size)).toEqual(values);
    }
  });

  it.each([
    ...[
      '',
      ' ',
      '[',
      '[1',
      '[1,',
      '[1,]',
      '[,1]',
      '[,]',
      '[1,,2]',
      '[1}',
      '[{]}]',
      '[[1]',
      '[1]]',
      '[1] 2',
      '[1][2]',
    ],
    ...['[}', '["a]', '["a\n"]', '["\\"]', '[1 2]', '["a" "b"]', "['a']", '[{"a":1} {"a":2}]', 'x[1]'],
    ...['[1]\u00a0', '[\u00a01]', '[01]', '[1\u00002]'],
  ])('is refused where JSON.parse refuses it: %j', (text) => {
    expect(() => JSON.parse(text)).toThrow();
    for (const size of [1, 3, 64]) expect(() => cut(text, size)).toThrow();
  });
});

const objects = Array.from({ length: 3000 }, (_, i) => ({
  text: `row ${i} é€𝄞 "${'x,[{'.repeat((i * 7919) % 300)}\\`,
  label: i % 2,
}));

describe('a JSON array larger than a piece of its file', () => {
  it.each([
    ['in one line', JSON.stringify(objects)],
    ['in many', `\uFEFF\n${JSON.stringify(objects, null, 2)}\n`],
  ])('has its rows %s', async (name, content) => {
    const source = await openSource(write(`large ${name}.json`, content));
    const found = [];
    for await (const chunk of source.rows()) for (const { row, record } of chunk) found.push([row, record]);
    expect(found).toEqual(objects.map((object, i) => [i + 1, object]));
    expect(source.columns).toEqual(['text', 'label']);
  });

  const problemOf = async (content: string | Uint8Array) =>
    errorOf(
      (async () => {
        for await (const chunk of (await openSource(write('broken.json', content))).rows())
          for (const { problem } of chunk) if (problem) throw problem;
      })(),
    );

  it('is refused by line or row, at the first that is wrong', async () => {
    const good = JSON.stringify(objects, null, 2).slice(0, -2);
    const line = good.split('\n').length;
    expect((await problemOf(good)).message).toMatch(new RegExp(`line ${line}, .*broken JSON`));
    expect((await problemOf(`${good},\n{"text": "a\n"}]`)).message).toMatch(new RegExp(`line ${line + 1}, `));
    expect((await problemOf(`${good},\n\n{\n"text"\n}]`)).message).toMatch(
      new RegExp(`line ${line + 4}, .*broken JSON`),
    );
    expect((await problemOf(`${good}, [1]]`)).message).toMatch(/a JSON object .*row 3001, .*received \[1\]/);
    const latin = Buffer.concat([Buffer.from(`${good},\n"`), Buffer.from([0xe9]), Buffer.from('"]')]);
    expect((await problemOf(latin)).message).toMatch(new RegExp(`UTF-8 text .*line ${line + 1}, `));
  });
});
