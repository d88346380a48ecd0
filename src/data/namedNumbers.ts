import { hash } from 'node:crypto';

/** Words of 32 bits of a name's hash, and one for its number. */
const WORDS = 3;
const SLOT = WORDS + 1;
const FIRST_SLOTS = 1024;

/**
 * Numbers by name, such as the row that an id was first seen in. Of a million names it keeps the hashes, 96 bits each,
 * instead of the names: in one such file of 10¹⁷ two that differ would be taken for one.
 */
export class NamedNumbers {
  private table = new Int32Array(FIRST_SLOTS * SLOT);
  private slots = FIRST_SLOTS;
  private count = 0;

  /** The number (from 1) that a name was put with; undefined: none. */
  get(name: string): number | undefined {
    const number = this.table[this.find(wordsOf(name)) + WORDS] as number;
    return number === 0 ? undefined : number;
  }

  /** Puts a name that is not there, with a number from 1 on. */
  set(name: string, number: number): void {
    if (4 * ++this.count > 3 * this.slots) this.grow();
    this.put(wordsOf(name), number);
  }

  private put(words: Int32Array, number: number): void {
    const at = this.find(words);
    this.table.set(words, at);
    this.table[at + WORDS] = number;
  }

  /** Where those words lie, or the free slot that is theirs. */
  private find(words: Int32Array): number {
    for (let slot = (words[0] as number) & (this.slots - 1); ; slot = (slot + 1) & (this.slots - 1)) {
      const at = slot * SLOT;
      if (this.table[at + WORDS] === 0 || words.every((word, i) => this.table[at + i] === word)) return at;
    }
  }

  private grow(): void {
    const { table } = this;
    this.slots *= 2;
    this.table = new Int32Array(this.slots * SLOT);
    for (let at = 0; at < table.length; at += SLOT) {
      const number = table[at + WORDS] as number;
      if (number !== 0) this.put(table.subarray(at, at + WORDS), number);
    }
  }
}

/** Of UTF-16, since in UTF-8 all halves of a pair that stand alone are one character. */
function wordsOf(name: string): Int32Array {
  const bytes = hash('sha256', Buffer.from(name, 'utf16le'), 'buffer');
  return Int32Array.from({ length: WORDS }, (_, i) => bytes.readInt32LE(4 * i));
}
