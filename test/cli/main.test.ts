import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Command } from '../../src/cli/command.js';
import { COMMANDS } from '../../src/cli/table.js';
import { commandHelp, parseFlags } from '../../src/cli/usage.js';
import { packageRoot } from '../../src/native/paths.js';

const command: Command = {
  describe: 'A command for tests.',
  positionals: [{ name: 'FOLDER', describe: 'Where', required: false }],
  options: {
    weak: { type: 'string', describe: 'The weak model' },
    'head-lr': { type: 'string' },
    loss: { type: 'string', choices: ['xent', 'confidence'] },
    json: { type: 'boolean' },
  },
  examples: [['try --weak a', 'an example']],
  run: () => Promise.resolve(),
};

const parse = (...words: string[]) => parseFlags('try', command, words);

describe('flags', () => {
  test('stay as typed, and of a repeated one the last wins', async () => {
    expect(await parse('--weak', '007', '--head-lr=1e-5', '--json', 'out', '--weak', '1.0')).toEqual({
      _: ['out'],
      weak: '1.0',
      'head-lr': '1e-5',
      json: true,
    });
  });

  test.each([
    { words: ['--waek', 'x'], message: '--waek', hint: '--weak' },
    { words: ['--weak_model', 'x'], message: '--weak_model', hint: 'Did you mean --weak?' },
    { words: ['--headLr', '1'], message: '--headLr', hint: '--head-lr' },
    { words: ['--loss', 'confidense'], message: '--loss', hint: 'confidence' },
    { words: ['--weak'], message: '--weak', hint: '--help' },
    { words: ['a', 'b'], message: 'b', hint: '--help' },
  ])('$words is a usage error with the nearest right name', async ({ words, message, hint }) => {
    await expect(parse(...words)).rejects.toMatchObject({
      code: 'ERR_USAGE',
      exitCode: 2,
      message: expect.stringContaining(message),
      hint: expect.stringContaining(hint),
    });
  });

  test('help shows flags, positional words and examples', async () => {
    const help = await commandHelp('try', command);
    for (const text of ['w2s-native try [FOLDER]', '--head-lr', 'FOLDER  Where', 'an example', '--verbose']) {
      expect(help).toContain(text);
    }
  });
});

describe('the executable', () => {
  const w2s = (...words: string[]) =>
    spawnSync(process.execPath, ['bin/w2s-native.js', ...words], { cwd: packageRoot, encoding: 'utf8' });

  test('--version prints the number of package.json', () => {
    const { version } = JSON.parse(readFileSync(`${packageRoot}/package.json`, 'utf8')) as {
      version: string;
    };
    expect(w2s('--version').stdout).toBe(`${version}\n`);
  });

  test('--help lists every command', () => {
    const { stdout, status } = w2s('--help');
    expect(status).toBe(0);
    for (const { name } of COMMANDS) expect(stdout).toContain(`  ${name} `);
  });

  test('an unknown command ends with 2, its nearest name and no stack', () => {
    const { stderr, stdout, status } = w2s('trian');
    expect(status).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toContain('Did you mean: npx w2s-native train');
    expect(stderr).not.toContain('    at ');
    expect(w2s('trian', '--verbose').stderr).toContain('    at ');
  });

  test('an unknown flag before any command ends with 2', () => {
    const { stderr, status } = w2s('--hlep');
    expect(status).toBe(2);
    expect(stderr).toContain('--help');
  });
});

test('--help needs nothing but Node and files of ours', () => {
  const seen = new Set<string>();
  const foreign: string[] = [];
  const follow = (file: string): void => {
    if (seen.has(file)) return;
    seen.add(file);
    // Static imports only: `import(…)` waits until a command is called.
    const statement = /^(?:import|export) (?!type )(?:[\w*{][^;'()=]* from )?'([^']+)';$/gm;
    const statements = readFileSync(file, 'utf8').matchAll(statement);
    for (const [, name = ''] of statements) {
      if (name.startsWith('.')) follow(resolve(dirname(file), name.replace(/\.js$/, '.ts')));
      else if (!name.startsWith('node:')) foreign.push(`${name} in ${file}`);
    }
  };
  follow(join(packageRoot, 'src/cli/main.ts'));
  expect(foreign).toEqual([]);
  expect([...seen].map((file) => basename(file))).toContain('table.ts');
  expect(seen.size).toBeLessThan(12);
});

test.each(COMMANDS)('$name has a file that exports its command', async (entry) => {
  const { command: loaded } = await entry.load();
  expect(loaded.describe.length).toBeGreaterThan(20);
  expect(await commandHelp(entry.name, loaded)).toContain(`w2s-native ${entry.name}`);
});
