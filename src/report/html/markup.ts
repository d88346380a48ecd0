/** HTML as values: text is escaped on its way in, and only what was made here passes as it is. */

import { visible } from '../charts/index.js';

/** A piece of HTML. Made by `html` and `trusted` alone. */
export class Html {
  constructor(readonly text: string) {}
  toString(): string {
    return this.text;
  }
}

type Piece = Html | string | number | null | undefined | false | readonly Piece[];

/** HTML with values in it. Strings are escaped and freed of control characters; `null` and `false` are nothing. */
export function html(strings: TemplateStringsArray, ...values: readonly Piece[]): Html {
  return new Html(strings.reduce((all, string, i) => all + piece(values[i - 1]) + string));
}

/** Text that is HTML already and comes from this package, such as a drawing. */
export const trusted = (text: string): Html => new Html(text);

function piece(value: Piece): string {
  if (value === null || value === undefined || value === false) return '';
  if (value instanceof Html) return value.text;
  if (typeof value === 'object') return value.map(piece).join('');
  return escaped(String(value));
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Safe in text and in quoted attributes. */
export function escaped(text: string): string {
  return visible(text).replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}

/** A name or other short text whose direction must not disturb what stands around it. */
export const isolated = (text: string): Html => html`<bdi>${text}</bdi>`;
