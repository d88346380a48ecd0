/** Results on stdout: one JSON document, or text. */
import { pathToFileURL } from 'node:url';
import { displayPath } from '../data/badRow.js';
import type { Paint } from '../report/index.js';
import { paintFor } from './color.js';
import type { CommandContext } from './command.js';

/** One JSON document and a newline; nothing else may go to stdout then. */
export function printJson({ stdout }: CommandContext, document: unknown): void {
  stdout.write(`${JSON.stringify(document, null, 2)}\n`);
}

/** A text that ends in one newline. */
export function printText({ stdout }: CommandContext, text: string): void {
  stdout.write(text.endsWith('\n') ? text : `${text}\n`);
}

/** How reports stand out on this stdout. */
export function reportPaint({ stdout, env }: CommandContext): Paint {
  const { bold, dim, green: good, red: bad } = paintFor(stdout, env);
  return { bold, dim, good, bad };
}

/** A blank line between progress and result, where both are on one screen. */
export function separate({ stdout, stderr }: CommandContext): void {
  if (stdout.isTTY === true && stderr.isTTY === true) stderr.write('\n');
}

/** Where a page lies; for a terminal also as an address that can be clicked. */
export function pageLines(path: string, { stdout }: CommandContext): string {
  const lines = [`Report: ${displayPath(path)}`];
  if (stdout.isTTY === true) lines.push(`        ${pathToFileURL(path).href}`);
  return lines.join('\n');
}
