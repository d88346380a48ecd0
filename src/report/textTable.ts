/** Fixed-width tables of plain text. */
import { NONE } from './format.js';

/** How to make text stand out; each gives its argument back when colours are off. */
export interface Paint {
  bold(text: string): string;
  dim(text: string): string;
  good(text: string): string;
  bad(text: string): string;
}

const same = (text: string): string => text;
export const PLAIN: Paint = { bold: same, dim: same, good: same, bad: same };

const code =
  (on: number, off: number) =>
  (text: string): string =>
    `\u001b[${on}m${text}\u001b[${off}m`;
export const COLOURS: Paint = { bold: code(1, 22), dim: code(2, 22), good: code(32, 39), bad: code(31, 39) };

export interface Column {
  title: string;
  align?: 'left' | 'right';
}

/** The table without the columns that say nothing: those of dashes alone. */
export function withoutEmpty(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
): [columns: readonly Column[], rows: readonly (readonly string[])[]] {
  const says = (c: number): boolean => rows.some((row) => row[c] !== NONE);
  return [columns.filter((_, c) => says(c)), rows.map((row) => row.filter((_, c) => says(c)))];
}

/** Cells of the longest line of a table with these rows, titles among them. */
export function lineWidth(rows: readonly (readonly string[])[]): number {
  const count = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: count }, (_, c) =>
    Math.max(...rows.map((row) => displayWidth(row[c] ?? ''))),
  );
  return widths.reduce((sum, width) => sum + width, 0) + 2 * Math.max(0, count - 1);
}

/** Columns two blanks apart, titles above; no trailing blanks. */
export function textTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  paint: Paint = PLAIN,
): string {
  const shown = rows.map((row) => row.map(oneLine));
  const widths = columns.map(({ title }, c) =>
    Math.max(displayWidth(title), ...shown.map((row) => displayWidth(row[c] ?? ''))),
  );
  const line = (cells: readonly string[]): string =>
    columns
      .map(({ align }, c) => pad(cells[c] ?? '', widths[c]!, align ?? 'left'))
      .join('  ')
      .trimEnd();
  return [paint.bold(line(columns.map(({ title }) => title))), ...shown.map(line)].join('\n');
}

/** Names come from others: what would break the line, or move the cursor, is spelt out. */
const oneLine = (cell: string): string =>
  cell.replace(/\p{Cc}/gu, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`);

function pad(text: string, width: number, align: 'left' | 'right'): string {
  const blanks = ' '.repeat(width - displayWidth(text));
  return align === 'left' ? text + blanks : blanks + text;
}

/** Characters as a terminal counts them: combining marks take no room, wide scripts and emoji two cells. */
function displayWidth(text: string): number {
  let width = 0;
  for (const character of text) {
    if (/\p{Mark}/u.test(character)) continue;
    width +=
      /[\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}\p{Emoji_Presentation}]/u.test(
        character,
      )
        ? 2
        : 1;
  }
  return width;
}
