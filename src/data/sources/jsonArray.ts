import { MOST_BYTES } from './text.js';

/** The elements of one JSON array, found in its bytes as they come, so that an array of any length is never whole in memory. */

const NEWLINE = 0x0a;
const [BLANK, TAB, RETURN, QUOTE, COMMA, BACKSLASH] = [0x20, 0x09, 0x0d, 0x22, 0x2c, 0x5c] as const;
const [SQUARE, SQUARE_END, CURLY, CURLY_END] = [0x5b, 0x5d, 0x7b, 0x7d] as const;

/** What stands between two commas of the array. Whether it is JSON, its reader finds out. */
export interface ArrayElement {
  bytes: Buffer;
  /** The line that it begins on, from 1. */
  line: number;
}

const isBlank = (byte: number): boolean =>
  byte === BLANK || byte === NEWLINE || byte === RETURN || byte === TAB;

/** Whether these bytes may be an array: undefined where they are blank. */
export function beginsArray(bytes: Buffer): boolean | undefined {
  const first = bytes.find((byte) => !isBlank(byte));
  return first === undefined ? undefined : first === SQUARE;
}

/**
 * Cuts an array at its commas: those outside of strings and of inner brackets, all of them bytes that are no part of
 * another character in UTF-8. If every element is JSON, so is the array, and the other way round.
 */
export class ArrayCutter {
  /** Of brackets: 0 outside of the array, 1 between its elements or in a plain one. */
  private depth = 0;
  private inString = false;
  private escaped = false;
  private closed = false;
  private line = 1;
  private elements = 0;
  /** What is there of an element that the last chunk ended in, and the line that it began on. */
  private begun: Buffer[] = [];
  private begunBytes = 0;
  private begunLine = 0;

  /**
   * @param broken makes the error for an array that is broken in a line, whatever its elements are
   * @param tooLong makes the error for an element that begins in a line and is longer than it may be
   */
  constructor(
    private readonly broken: (line: number) => Error,
    private readonly tooLong: (line: number) => Error,
  ) {}

  /** The elements that end in the next bytes of the file. */
  *cut(chunk: Buffer): Generator<ArrayElement> {
    let start = this.begun.length > 0 ? 0 : -1;
    for (let at = 0; at < chunk.length; at++) {
      if (this.inString) {
        at = this.endOfString(chunk, at);
        continue;
      }
      const byte = chunk[at] as number;
      if (byte === NEWLINE) this.line++;
      if (isBlank(byte)) continue;
      if (this.depth === 0) {
        this.open(byte);
        continue;
      }
      const isEnd = this.depth === 1 && (byte === COMMA || byte === SQUARE_END);
      if (isEnd) {
        if (start >= 0) yield this.element(chunk.subarray(start, at));
        else if (byte === COMMA || this.elements > 0) throw this.broken(this.line);
        start = -1;
      } else if (start < 0) {
        start = at;
        this.begunLine = this.line;
      }
      this.enter(byte);
    }
    if (start >= 0) this.keep(chunk.subarray(start));
  }

  /** Throws where the array goes on. */
  end(): void {
    if (!this.closed) throw this.broken(this.line);
  }

  /** Keeps what is there of an element until its end comes. */
  private keep(bytes: Buffer): void {
    this.begunBytes += bytes.length;
    if (this.begunBytes > MOST_BYTES) throw this.tooLong(this.begunLine);
    this.begun.push(bytes);
  }

  private element(rest: Buffer): ArrayElement {
    const bytes = this.begun.length > 0 ? Buffer.concat([...this.begun, rest]) : rest;
    this.begun = [];
    this.begunBytes = 0;
    this.elements++;
    return { bytes, line: this.begunLine };
  }

  private open(byte: number): void {
    if (this.closed || byte !== SQUARE) throw this.broken(this.line);
    this.depth = 1;
  }

  /** What a byte outside of strings opens or closes. */
  private enter(byte: number): void {
    if (byte === QUOTE) this.inString = true;
    else if (byte === SQUARE || byte === CURLY) this.depth++;
    else if (byte === SQUARE_END || byte === CURLY_END) this.depth--;
    if (this.depth > 0) return;
    if (byte !== SQUARE_END) throw this.broken(this.line);
    this.closed = true;
  }

  /** Where in the chunk the string ends that is open, or the last byte of the chunk. */
  private endOfString(chunk: Buffer, from: number): number {
    let { escaped } = this;
    for (let at = from; at < chunk.length; at++) {
      const byte = chunk[at] as number;
      // No string of JSON goes on in another line: what follows an open one is not searched for its end.
      if (byte < BLANK) throw this.broken(this.line);
      if (!escaped && byte === QUOTE) {
        this.inString = false;
        this.escaped = false;
        return at;
      }
      escaped = !escaped && byte === BACKSLASH;
    }
    this.escaped = escaped;
    return chunk.length - 1;
  }
}
