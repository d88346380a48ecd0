/** Results on stdout: one JSON document, or text. */
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
