import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { describe, expect, it } from 'vitest';
import { FORMATS } from '../../src/data/formats/index.js';
import { type DatasetRequest, loadSplit, resolveDataset } from '../../src/data/index.js';
import type { SplitPart } from '../../src/data/types.js';
import { findSupervision } from '../../src/execution/resolve.js';
import { hubServer } from './hubServer.js';
import { errorOf, jsonl, temporaryFolder } from './support.js';

const { folder, write } = temporaryFolder();

/** A Parquet file of these columns; numbers are 64-bit, as the hub converts class labels. */
function parquet(columns: Record<string, readonly (string | number | boolean)[]>): Uint8Array {
  const columnData = Object.entries(columns).map(([name, data]) => {
    if (typeof data[0] === 'number') return { name, data: data.map(BigInt as never), type: 'INT64' as const };
    return {
      name,
      data: [...data],
      type: typeof data[0] === 'string' ? ('STRING' as const) : ('BOOLEAN' as const),
    };
  });
  return new Uint8Array(parquetWriteBuffer({ columnData } as Parameters<typeof parquetWriteBuffer>[0]));
}

/** SciQ as the hub has it; rows of other splits tell themselves apart. */
const sciq = (split: string) =>
  parquet({
    question: [`${split}: what is it`, `${split}: what else`],
    distractor3: ['c', 'f'],
    distractor1: ['a', 'd'],
    distractor2: ['b', 'e'],
    correct_answer: ['it', 'else'],
    support: ['', 'So it is.'],
  });
const films = (...sentence: string[]) =>
  parquet({ idx: sentence.map((_, i) => i), sentence, label: sentence.map((_, i) => i % 2) });
const CONVERTED = 'refs/convert/parquet';

const hub = hubServer({
  'allenai/sciq': {
    [`${CONVERTED}/default/train/0000.parquet`]: sciq('train'),
    [`${CONVERTED}/default/validation/0000.parquet`]: sciq('validation'),
    [`${CONVERTED}/default/test/0000.parquet`]: sciq('test'),
    'README.md': Buffer.from('# SciQ'),
    'data/test-00000-of-00001.parquet': sciq('test'),
    'data/train-00000-of-00001.parquet': sciq('train'),
  },
  'google/boolq': {
    [`${CONVERTED}/default/train/0000.parquet`]: parquet({
      question: ['is it', 'was it'],
      answer: [true, false],
      passage: ['It is.', 'It was not.'],
    }),
    [`${CONVERTED}/default/validation/0000.parquet`]: parquet({
      question: ['is it'],
      answer: [false],
      passage: ['No.'],
    }),
  },
  'stanfordnlp/sst2': {
    [`${CONVERTED}/default/train/0000.parquet`]: films('dull ', 'lively '),
    [`${CONVERTED}/default/train/0001.parquet`]: films('flat ', 'moving '),
    [`${CONVERTED}/default/validation/0000.parquet`]: films('bad ', 'good '),
    [`${CONVERTED}/default/test/0000.parquet`]: parquet({ idx: [0], sentence: ['?'], label: [-1] }),
  },
  'Anthropic/hh-rlhf': Object.fromEntries(
    ['train', 'test'].map((split) => [
      `${CONVERTED}/default/${split}/0000.parquet`,
      parquet({
        chosen: [`\n\nHuman: ${split}?\n\nAssistant: Yes.`],
        rejected: [`\n\nHuman: ${split}?\n\nAssistant: No.`],
      }),
    ]),
  ),
  'hendrycks/ethics': Object.fromEntries(
    ['train', 'test'].flatMap((split) => [
      [
        `${CONVERTED}/justice/${split}/0000.parquet`,
        parquet({ label: [0, 1], scenario: [`${split} a`, 'b'] }),
      ],
      [
        `${CONVERTED}/deontology/${split}/0000.parquet`,
        parquet({ label: [0, 1], scenario: [`${split} a`, 'b'], excuse: ['no', 'yes'] }),
      ],
      [
        `${CONVERTED}/utilitarianism/${split}/0000.parquet`,
        parquet({ baseline: [`${split} sun`], less_pleasant: ['rain'] }),
      ],
    ]),
  ),
  'me/reviews': {
    'data/train.jsonl': Buffer.from(
      jsonl([
        { text: 'good', label: 1 },
        { text: 'bad', label: 0 },
      ]),
    ),
    'data/a b.csv': Buffer.from('text,label\ngood,1\nbad,0\n'),
    'data/50 % #1?.csv': Buffer.from('text,label\nfine,1\npoor,0\n'),
    'notes.txt': Buffer.from('no data'),
  },
});

/** Texts, or prompts, of a whole file. */
async function texts(
  request: DatasetRequest,
  part: SplitPart = 'all-train',
): Promise<(string | undefined)[]> {
  const { spec, task, locations } = await resolveDataset(request);
  const split = { dataset: spec, part, seed: 0, dataSeed: 0, trainSize: null, testSize: null };
  return (await loadSplit(split, task, locations, { labels: true })).rows.map(
    ({ text, prompt }) => text ?? prompt,
  );
}

const cache = () => join(folder, 'cache', 'datasets');
const leftovers = () =>
  existsSync(cache()) ? readdirSync(cache()).filter((name) => name.startsWith('.')) : [];
/** A cache of its own. */
const freshCache = (name: string) => {
  process.env.W2S_CACHE = join(folder, name);
};

describe('a published data set without --data', () => {
  it('is fetched once, and from then on read without the hub', async () => {
    process.env.HF_TOKEN = 'hf_test';
    const found = await resolveDataset({ dataset: 'sciq' });
    const sha256 = (split: string) => createHash('sha256').update(sciq(split)).digest('hex');
    expect(found.spec.files).toEqual({ train: sha256('train'), test: sha256('test') });
    expect(JSON.stringify(found.spec)).not.toMatch(/http|allenai|hf:/);
    expect((await texts({ dataset: 'sciq' }))[0]).toContain('train: what is it');
    expect((await texts({ dataset: 'sciq' }, 'all-test'))[0]).toContain('test: what is it');
    const kept = join(cache(), 'allenai--sciq', 'default');
    expect(readdirSync(kept).sort()).toEqual([
      'test.parquet',
      'test.parquet.source.json',
      'train.parquet',
      'train.parquet.source.json',
    ]);
    expect(JSON.parse(readFileSync(join(kept, 'train.parquet.source.json'), 'utf8'))).toEqual({
      repo: 'allenai/sciq',
      config: 'default',
      split: 'train',
      sha256: sha256('train'),
      commit: 'c'.repeat(40),
    });
    expect(leftovers()).toEqual([]);
    hub.requests = [];
    process.env.HF_HUB_OFFLINE = '1';
    expect((await resolveDataset({ dataset: 'sciq' })).spec).toEqual(found.spec);
    expect((await resolveDataset({ dataset: 'sciq-support' })).spec.files).toEqual(found.spec.files);
    expect(hub.requests).toEqual([]);
  });

  it('is read in every format as the hub has it', async () => {
    for (const format of FORMATS.filter((one) => one.hub !== undefined)) {
      const dataset = format.name;
      expect((await texts({ dataset })).length, dataset).toBeGreaterThan(0);
      expect((await texts({ dataset }, 'all-test')).length, dataset).toBeGreaterThan(0);
    }
    expect(await texts({ dataset: 'boolq' }, 'all-test')).toEqual(['Passage: No.\nQuestion: is it']);
    expect((await texts({ dataset: 'ethics-utilitarianism' }))[0]).toMatch(/train sun/);
    expect(await texts({ dataset: 'hh' }, 'all-test')).toEqual(['\n\nHuman: test?\n\nAssistant:']);
  });

  it('in several files is joined, in order', async () => {
    expect(await texts({ dataset: 'sst2' })).toEqual(['dull ', 'lively ', 'flat ', 'moving ']);
    expect(await texts({ dataset: 'sst2' }, 'all-test')).toEqual(['bad ', 'good ']);
  });

  it('is not looked for where a file is named', async () => {
    const data = write('films.tsv', 'sentence\tlabel\nfilm\t1\n');
    freshCache('files-only');
    expect(await texts({ dataset: 'sst2', data })).toEqual(['film']);
    await resolveDataset({ dataset: 'sst2', testData: data });
    expect(hub.requests).toEqual([]);
  });

  it('sends the token to the hub alone', async () => {
    freshCache('token');
    process.env.HF_TOKEN = 'hf_test';
    await resolveDataset({ dataset: 'boolq' });
    const sent = hub.requests.map((path, i) => [path.startsWith('/google'), hub.tokens[i]]);
    expect(sent.filter(([away]) => away).map(([, token]) => token)).toEqual([undefined, undefined]);
    expect(new Set(sent.filter(([away]) => !away).map(([, token]) => token))).toEqual(
      new Set(['Bearer hf_test']),
    );
  });

  it.each(['cut', 'changed', 'short'] as const)(
    '%s on its way is refused, and nothing is left',
    async (fault) => {
      freshCache(fault);
      hub.fault = fault;
      const error = await errorOf(resolveDataset({ dataset: 'sciq' }));
      expect([error.code, error.message]).toEqual([
        'ERR_NETWORK',
        expect.stringContaining('allenai/sciq (default, train)'),
      ]);
      expect(error.hint).toContain('Try again');
      expect(readdirSync(join(folder, fault, 'datasets'))).toEqual([]);
    },
  );

  it.each([
    ['busy', 'ERR_NETWORK', 'status 503'],
    ['private', 'ERR_NOT_FOUND', 'HF_TOKEN'],
    ['portal', 'ERR_NETWORK', 'web page'],
  ] as const)('says what to do where the hub is %s', async (fault, code, words) => {
    freshCache(fault);
    hub.fault = fault;
    const error = await errorOf(resolveDataset({ dataset: 'boolq' }));
    expect([error.code, error.message]).toEqual([code, expect.stringContaining(words)]);
    expect(error.hint).toContain('--dataset boolq --data FILE --test-data FILE');
  });

  it('tells a disk that cannot be written from a network that fails', async () => {
    freshCache('blocked');
    write('blocked/datasets/me--reviews@main', 'in the way');
    const error = await errorOf(resolveDataset({ data: 'hf://datasets/me/reviews/data/train.jsonl' }));
    expect([error.code, error.message]).toEqual([
      'ERR_DISK',
      expect.stringMatching(/^Expected to keep hf:.*train\.jsonl in .*datasets but cannot: /),
    ]);
    expect(error.hint).toBe('Choose another folder: export W2S_CACHE=FOLDER');
  });

  it('says what to do where the hub is not reached, or not to be asked', async () => {
    freshCache('unreached');
    process.env.HF_ENDPOINT = 'http://127.0.0.1:9';
    const unreached = await errorOf(resolveDataset({ dataset: 'sciq' }));
    expect([unreached.code, unreached.exitCode]).toEqual(['ERR_NETWORK', 3]);
    expect(unreached.message).toContain('from http://127.0.0.1:9');
    expect(unreached.hint).toMatch(/--data FILE.*export HF_ENDPOINT=/);
    const later = await errorOf(resolveDataset({ dataset: 'sciq' }, { fetch: false }));
    expect(later.message).toContain('only what was fetched before');
    process.env.HF_HUB_OFFLINE = '1';
    const offline = await errorOf(resolveDataset({ dataset: 'sciq' }));
    expect([offline.message, offline.hint]).toEqual([
      expect.stringContaining('HF_HUB_OFFLINE is set'),
      expect.stringContaining('unset HF_HUB_OFFLINE'),
    ]);
  });

  it('is for formats that are published: columns wants a file', async () => {
    const error = await errorOf(resolveDataset({ dataset: 'columns' }));
    expect([error.code, error.hint]).toEqual(['ERR_CONFIG', expect.stringContaining('--data FILE')]);
  });
});

describe('a file on the hub', () => {
  const reviews = 'hf://datasets/me/reviews/data/train.jsonl';

  it('is fetched once, and is the same data as the file itself', async () => {
    const data = write(
      'train.jsonl',
      jsonl([
        { text: 'good', label: 1 },
        { text: 'bad', label: 0 },
      ]),
    );
    const found = await resolveDataset({ data: reviews });
    expect(found.spec).toEqual((await resolveDataset({ data })).spec);
    expect(found.locations).toEqual({
      [found.spec.files.train ?? '']: join(cache(), 'me--reviews@main', 'data', 'train.jsonl'),
    });
    hub.requests = [];
    process.env.HF_HUB_OFFLINE = '1';
    expect(await findSupervision(reviews)).toEqual({
      sha256: found.spec.files.train,
      locations: found.locations,
    });
    expect(await texts({ data: reviews, testData: reviews }, 'all-test')).toEqual(['good', 'bad']);
    expect(hub.requests).toEqual([]);
  });

  it('may have a revision, any signs in its name, and lie on the branch that the hub converts to', async () => {
    expect(await texts({ data: 'hf://datasets/me/reviews@main/data/a b.csv' })).toEqual(['good', 'bad']);
    expect(await texts({ data: 'hf://datasets/me/reviews/data/50 % #1?.csv' })).toEqual(['fine', 'poor']);
    for (const branch of ['~parquet', 'refs/convert/parquet', 'refs%2Fconvert%2Fparquet']) {
      const data = `hf://datasets/allenai/sciq@${branch}/default/train/0000.parquet`;
      expect((await texts({ dataset: 'sciq', data }))[0]).toContain('train: what is it');
    }
    expect(hub.requests.filter((path) => path.includes('/default/train/0000.parquet'))).toHaveLength(2);
  });

  it('is checked against what the hub announces', async () => {
    hub.fault = 'changed';
    const data = 'hf://datasets/allenai/sciq/data/train-00000-of-00001.parquet';
    const error = await errorOf(resolveDataset({ dataset: 'sciq', data }));
    expect([error.code, error.message]).toEqual(['ERR_NETWORK', expect.stringContaining('than announced')]);
    expect(leftovers()).toEqual([]);
  });

  it('that is misspelt is answered with the nearest one', async () => {
    const hint = async (data: string) => (await errorOf(resolveDataset({ data }))).hint;
    expect(await hint('hf://datasets/me/reviews/data/trian.jsonl')).toBe(`Did you mean --data ${reviews}?`);
    expect(await hint('hf://datasets/me/reviews@v9/data/train.jsonl')).toBe(
      `Did you mean --data ${reviews}?`,
    );
    expect(await hint('hf://datasets/me/revews/data/train.jsonl')).toBe(`Did you mean --data ${reviews}?`);
    expect(await hint('hf://datasets/em/reviews/data/train.jsonl')).toBe(`Did you mean --data ${reviews}?`);
    hub.fault = 'unsure';
    expect(await hint('hf://datasets/me/reviewz/data/train.jsonl')).toBe(`Did you mean --data ${reviews}?`);
    const far = await errorOf(resolveDataset({ testData: 'hf://datasets/who/knows/x.csv' }));
    expect([far.code, far.exitCode]).toEqual(['ERR_NOT_FOUND', 4]);
    expect(far.hint).toBe('Name a file that you have: --test-data FILE');
  });

  it('must be named whole, and be one that can be read', async () => {
    const whole = await errorOf(resolveDataset({ data: 'hf://datasets/allenai/sciq' }));
    expect([whole.code, whole.hint]).toEqual([
      'ERR_CONFIG',
      'Name one: --data hf://datasets/allenai/sciq/data/train-00000-of-00001.parquet',
    ]);
    const text = await errorOf(resolveDataset({ data: 'hf://datasets/me/reviews/notes.txt' }));
    expect([text.code, text.hint]).toEqual(['ERR_DATA', expect.stringContaining('Did you mean')]);
    for (const data of [
      'hf://models/me/reviews/x.csv',
      'hf://datasets/reviews',
      'hf://datasets/me/../x.csv',
      'hf://datasets/me/reviews/../../x.csv',
      'hf://datasets/me/reviews@../x.csv',
      'hf://datasets/me/reviews@..%2F../x.csv',
      'hf://datasets/me/reviews//x.csv',
    ]) {
      const error = await errorOf(resolveDataset({ data }));
      expect([error.code, error.message], data).toEqual([
        'ERR_CONFIG',
        expect.stringContaining('OWNER/NAME'),
      ]);
    }
    expect(hub.requests.every((path) => path.startsWith('/api/'))).toBe(true);
  });
});
