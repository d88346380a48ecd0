/**
 * Writes docs/reference/, or with --check says which of its pages are stale; words name single pages:
 * `npm run docs`, `npm run docs -- cli`, `npm run docs:check`. Runs by jiti, so that it reads src/ as it is and
 * not an older dist/.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { apiReference } from './apiReference.js';
import { cliReference } from './cliReference.js';

const folder = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..', 'docs', 'reference');

const PAGES: Readonly<Record<string, () => Promise<string>>> = {
  cli: cliReference,
  api: apiReference,
};

const check = process.argv.includes('--check');
const asked = process.argv.slice(2).filter((word) => !word.startsWith('-'));
const stale: string[] = [];
for (const [name, write] of Object.entries(PAGES)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  const file = join(folder, `${name}.md`);
  const text = `${(await write()).trim()}\n`;
  if ((await readFile(file, 'utf8').catch(() => '')) === text) continue;
  if (check) {
    stale.push(`docs/reference/${name}.md`);
    continue;
  }
  await mkdir(folder, { recursive: true });
  await writeFile(file, text);
  console.log(`docs/reference/${name}.md`);
}
if (stale.length > 0) {
  console.error(`${stale.join(' and ')} no longer say what src/ says. Write them anew: npm run docs`);
  process.exitCode = 1;
} else if (check) {
  console.log('docs/reference says what src/ says');
}
