/** Long texts, cut in the middle. */

import { type Html, html } from './markup.js';

/** At most about `most` characters: two thirds from the beginning, the rest from the end, and what was left out. */
export function clamped(text: string, most = 700): Html {
  const characters = [...text];
  if (characters.length <= most * 1.1) return html`${text}`;
  const head = Math.round((most * 2) / 3);
  const tail = most - head;
  const left = characters.length - head - tail;
  return html`${characters.slice(0, head).join('')} <span class="gap">[… ${left.toLocaleString('en-US')} characters …]</span> ${characters.slice(-tail).join('')}`;
}
