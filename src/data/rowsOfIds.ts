import { hash } from 'node:crypto';

/** Words of 32 bits of an id's hash, and one for its row. */
const WORDS = 3;
const SLOT = WORDS + 1;
const FIRST_SLOTS = 1024;

/**
 * The row that each id was first seen in. Of a million ids it keeps their hashes, 96 bits each, instead of the ids: in
 * one such file of 10¹⁷ two that differ would be taken for one.
 */
export class RowsOfIds {
  private table = new Int32Array(FIRST_SLOTS * SLOT);
  private slots = FIRST_SLOTS;
  private count = 0;

  /** The row (from 1) that an id was put with; undefined: none. */
  get(id: string): number | undefined {
    const row = this.table[this.find(wordsOf(id)) + WORDS] as number;
    return row === 0 ? undefined : row;
  }

  /** Puts an id that is not there, with a row from 1 on. */
  set(id: string, row: number): void {
    if (4 * ++this.count > 3 * this.slots) this.grow();
    this.put(wordsOf(id), row);
  }

  private put(words: Int32Array, row: number): void {
    const at = this.find(words);
    this.table.set(words, at);
    this.table[at + WORDS] = row;
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
      const row = table[at + WORDS] as number;
      if (row !== 0) this.put(table.subarray(at, at + WORDS), row);
    }
  }
}

function wordsOf(id: string): Int32Array {
  const bytes = hash('sha256', id, 'buffer');
  return Int32Array.from({ length: WORDS }, (_, i) => bytes.readInt32LE(4 * i));
}
