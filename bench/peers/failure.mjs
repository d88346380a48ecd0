// What went wrong, in a line: programs print a page about it, and results and tables have room for a line.
import { withoutPaths } from './paths.mjs';
import { tailOf } from './printed.mjs';

const LONGEST = 200;
/** From the best to the worst: an exception of Node or Python, words of failure, anything. */
const TELLING = [
  /^(?:\w+\.)*\w*(?:Error|Exception)\b/,
  /\b(?:error|failed|killed|cannot|out of memory)\b/i,
  /./,
];

/** An error whose message is a line, and whose cause is all that the program printed. */
export function failure(/** @type {string} */ what, /** @type {string} */ output) {
  return new Error(`${what}: ${tellingLine(output) ?? 'it printed nothing'}`, { cause: output.trim() });
}

/** How a process went that did not go well. */
export function endOf(/** @type {{ status?: number | null, signal?: string | null }} */ { status, signal }) {
  return signal ? `was killed by ${signal}` : `ended with ${status}`;
}

/** The last of the lines that say most. */
function tellingLine(/** @type {string} */ output) {
  const lines = output.split('\n').map((line) => line.trim());
  for (const pattern of TELLING) {
    const line = lines.findLast((each) => pattern.test(each));
    if (line) return line;
  }
  return undefined;
}

/** For a result: one short line that names no path of this machine. */
export function reasonOf(/** @type {Error} */ error) {
  const line = withoutPaths(`${error.message}`).replace(/\s+/g, ' ').trim();
  return line.length > LONGEST ? `${line.slice(0, LONGEST)}…` : line;
}

/** For a result: that line, and the end of what the program printed. */
export function keptOf(/** @type {Error} */ error) {
  const tail = typeof error.cause === 'string' ? tailOf(error.cause) : '';
  return { error: reasonOf(error), ...(tail === '' ? {} : { tail }) };
}

/** For the terminal: everything. */
export function wholeStory(/** @type {Error} */ error) {
  return typeof error.cause === 'string' ? `${error.stack}\n${error.cause}` : `${error.stack}`;
}
