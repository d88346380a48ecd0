/** Texts of others, made fit for a drawing. */

/**
 * Text that can be shown anywhere: control characters are spelt out, such as `\\x1b`, line breaks and tabs
 * stay, half surrogate pairs become U+FFFD.
 */
export function visible(text: string): string {
  return text
    .replace(/\p{Surrogate}/gu, '\ufffd')
    .replace(/\r\n?/g, '\n')
    .replace(/[^\P{Cc}\n\t]/gu, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`)
    .replace(/[\ufffe\uffff]/g, '\ufffd');
}

/** Characters that fit into so many pixels, at 12 to 13 pixels a line; the rest becomes an ellipsis. */
export function fitted(text: string, width: number): string {
  const most = Math.max(4, Math.floor(width / 6.8));
  const characters = [...visible(text)];
  return characters.length <= most ? characters.join('') : `${characters.slice(0, most - 1).join('')}…`;
}
