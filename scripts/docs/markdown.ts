/** The few pieces of Markdown that generated pages are made of. */

export type Row = readonly string[];

/** Blocks with an empty line between them. */
export function lines(...blocks: readonly string[]): string {
  return blocks.join('\n\n');
}

export function section(level: number, title: string, blocks: readonly string[]): string {
  return lines(`${'#'.repeat(level)} ${title}`, ...blocks);
}

/** Text as it is typed; longer fences where it holds backticks itself. */
export function code(text: string): string {
  return text.includes('`') ? `\`\` ${text} \`\`` : `\`${text}\``;
}

/** Columns without a single entry are left out. */
export function table(head: Row, rows: readonly Row[]): string {
  const used = head.map((_, column) => rows.some((row) => row[column] !== ''));
  const line = (cells: Row) =>
    `| ${cells
      .filter((_, column) => used[column])
      .map(cell)
      .join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** A bar would end the cell, and a bare `<` begin a tag. */
function cell(text: string): string {
  const outsideCode = text
    .split(/(`[^`]*`)/)
    .map((part, i) => (i % 2 === 1 ? part : part.replace(/</g, '&lt;')));
  return outsideCode.join('').replace(/\|/g, '\\|').replace(/\n/g, ' ');
}

/** A heading's anchor, as GitHub makes it. */
export function slugOf(title: string): string {
  return title
    .toLowerCase()
    .replace(/[^\w\- ]/g, '')
    .replace(/ /g, '-');
}
