// Texts without the paths of the machine they come from: results and tables are published.
import { existsSync, realpathSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';

const ROOT = resolve(fileURLToPath(new URL('../..', import.meta.url)));
const LETTER = String.raw`\p{L}\p{M}\p{N}_`;
/** A character of a name in a path; a blank or bracket that a shell would take for its own stands behind a backslash. */
const CHARACTER = String.raw`(?:\\[ ()&'"]|[^\s"'\x60()<>\[\]\{\}=:,;\|\/\\…])`;
/**
 * What may stand before an absolute path: nothing of a word, a relative path, a URL, or what is written here; but a
 * flag (-isystem/usr/include), and a line's end written as \n.
 */
const START = [
  String.raw`(?=\/)(?<=^|[^${LETTER}.~\/…*-]|\\[nrt]|(?<![${LETTER}.\/-])-[A-Za-z]+)`,
  '(?<!<(?:root|scratch|torch|tmp|packages)>)',
].join('');
/** A folder may have blanks in its name where more of the path comes behind, and words, no flags or further files. */
const FOLDER = String.raw`${CHARACTER}+(?:(?<!\.\w{1,4}) (?=[\p{L}\p{N}])${CHARACTER}+){0,3}(?=\/)`;
const ABSOLUTE = new RegExp(String.raw`${START}\/+(?:${FOLDER}\/+)*${CHARACTER}+`, 'gu');
/** Between quotes a path has all the blanks that it likes. */
const QUOTED = /(["'`])(\/[^"'`\r\n\\]+)(\\?\1)/g;
/** Python's folders of packages, wherever they are, from the beginning of a word: else long words would take long. */
const PACKAGES = /(?<![^\s"'`()=:,;])[^\s"'`()=:,;]*\/(?:site|dist)-packages(?![\w-])/g;
/** Colours of a terminal in a text that was printed as a literal. */
const COLOURS = /\\(?:x1b|u001b|033|e)\[[\d;]*m/gi;

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

/** The way up to the root, before a path that begins there. */
const CLIMB = /(?:\.\.\/){2,}(?=(?:home|Users|root|opt|tmp|srv|mnt|media|data|export|usr|var|work)\/)/g;

function plain(text, places) {
  let said = stripVTControlCharacters(text)
    .replace(COLOURS, '')
    .replace(/file:\/\/[^/]*/g, '')
    .replace(CLIMB, '/');
  for (const [folder, word] of places) {
    const whole = new RegExp(String.raw`${START}${escaped(folder)}(?![${LETTER}-]|\.[${LETTER}])`, 'gu');
    said = said.replace(whole, () => word);
  }
  return said
    .replace(QUOTED, (_, opening, path, closing) => `${opening}${shortened(path)}${closing}`)
    .replace(ABSOLUTE, (path, at, all) => (isOther(path, all[at - 1]) ? path : shortened(path)))
    .replace(PACKAGES, '<packages>');
}

const escaped = (folder) => folder.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** What looks like a path but is none: a URL, a comment, a closing tag, a unit such as /s. */
function isOther(path, before) {
  if (path.startsWith('//')) return before === ':' || !path.slice(2).includes('/');
  return !path.slice(1).includes('/') && (before === '<' || !/^\/[\p{L}._].+/u.test(path));
}

/** A path's last name. Of a root, or the home of somebody, that name says where it is: nothing stays. */
function shortened(path) {
  const [inside] = path.match(/\/(?:site|dist)-packages(?![\w-]).*/s) ?? [];
  if (inside) return inside.replace(/^\/[a-z-]+/, '<packages>');
  const names = path.split('/').filter((name) => name !== '');
  const isPlace = names.length < 2 || /^(?:home|Users)$/.test(names.at(-2) ?? '');
  return isPlace ? '…' : `…/${names.at(-1)}`;
}
