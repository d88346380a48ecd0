// What programs print, of which results keep the end: whole lines, and no path of this machine.
import { withoutPaths } from './paths.mjs';

/** Characters that are kept while a program runs: the command lines of compilers alone are thousands. */
const KEPT = 1 << 16;
/** Characters that go into a result. */
const TAIL = 1500;

/** The end of an output, as it comes. */
export class Printed {
  #text = '';
  #cut = false;

  add(/** @type {string} */ text) {
    this.#text += text;
    if (this.#text.length <= KEPT) return;
    this.#text = this.#text.slice(-KEPT);
    this.#cut = true;
  }

  /** Whole lines alone: the rest of a path would not be known for one. */
  get text() {
    const whole = (this.#cut ? this.#text.replace(/^[^\r\n]*[\r\n]*/, '') : this.#text).trim();
    return this.#cut && whole === '' ? '(one line, too long to be kept)' : whole;
  }
}

/**
 * The last lines of an output, for a result. Words are put in place of folders before it is cut, not after.
 * @param {string} output @param {[string, string][]} [places]
 */
export function tailOf(output, places) {
  const said = withoutPaths(output, places).trim();
  if (said.length <= TAIL) return said;
  const end = said.slice(-TAIL);
  const at = end.search(/[\r\n]/);
  return at < 0 ? `…${end}` : end.slice(at).trim();
}
