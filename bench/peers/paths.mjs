// Texts without the paths of the machine they come from: results and tables are published.
import { existsSync, realpathSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = resolve(fileURLToPath(new URL('../..', import.meta.url)));
/** Python's folders of packages, wherever they are. */
const PACKAGES = /[^\s"'`()=:,;]*\/(?:site|dist)-packages(?![\w-])/g;
/** A path of two segments or more that no word stands for; of a URL, a row's name or a relative path nothing. */
const ABSOLUTE = /(?<=(?:^|[^\w.~>/…-])|-[ILB])(?:\/[\w.@+~-]+)+\/([\w.@+~-]+)/g;

/**
 * Folders of this machine and the words for them, the longest first: one may lie in another.
 * @param {{ scratch?: string, torch?: string }} [known] beside the repository, the home and the temporary folder
 * @returns {[string, string][]}
 */
export function placesOf({ scratch, torch = process.env.W2S_LIBTORCH } = {}) {
  const named = [
    [ROOT, '<root>'],
    [scratch, '<scratch>'],
    [torch, '<torch>'],
    [homedir(), '~'],
    [tmpdir(), '<tmp>'],
  ];
  return named
    .filter(([folder]) => folder)
    .flatMap(([folder, word]) => [folder, real(folder)].map((each) => [each, word]))
    .filter(([folder]) => folder.length > 1)
    .sort(([a], [b]) => b.length - a.length);
}

/** Without symbolic links: programs print a path in either form. */
const real = (folder) => (existsSync(folder) ? realpathSync(folder) : folder);

/**
 * The text, or all texts of a document, with words in place of folders.
 * @template T @param {T} value @param {[string, string][]} [places] @returns {T}
 */
export function withoutPaths(value, places = placesOf()) {
  if (typeof value === 'string') return /** @type {T} */ (plain(value, places));
  if (Array.isArray(value)) return /** @type {T} */ (value.map((each) => withoutPaths(each, places)));
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value).map(([key, each]) => [key, withoutPaths(each, places)]);
  return Object.fromEntries(entries);
}

function plain(text, places) {
  let said = text.replaceAll('file://', '');
  for (const [folder, word] of places) {
    const whole = `(?<=(?:^|[^\\w.~/-])|-[ILB])${escaped(folder)}(?![\\w-]|\\.\\w)`;
    said = said.replace(new RegExp(whole, 'g'), () => word);
  }
  return said.replace(PACKAGES, '<packages>').replace(ABSOLUTE, '…/$1');
}

const escaped = (folder) => folder.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
