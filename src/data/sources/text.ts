import { isUtf8 } from 'node:buffer';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { createGunzip, gunzip } from 'node:zlib';
import { W2sError } from '../../errors.js';
import { badRow, displayPath } from '../badRow.js';

/** Bytes of text files: unpacked, without a byte order mark, held to be UTF-8. */

const NEWLINE = 0x0a;
const RETURN = 0x0d;

export const isGzip = (file: string): boolean => /\.gz$/i.test(file);

/** The whole file, unpacked where its name ends in `.gz`. Throws ERR_DATA where that is impossible. */
export async function readUnpacked(file: string): Promise<Buffer> {
  const bytes = await readFile(file);
  if (!isGzip(file)) return bytes;
  try {
    return Buffer.from(await promisify(gunzip)(bytes));
  } catch (cause) {
    throw notGzip(file, cause);
  }
}

function notGzip(file: string, cause: unknown): W2sError {
  return new W2sError('ERR_DATA', `Expected gzip data in ${displayPath(file)} but it cannot be unpacked.`, {
    cause,
    hint: `To see what is wrong: gzip -t ${displayPath(file)}`,
  });
}

/** A file's bytes behind its byte order mark. */
export function withoutMark(bytes: Buffer): Buffer {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes;
}

/** Whole lines of a text file, about a megabyte of them, and the number of the first. */
export interface TextPiece {
  bytes: Buffer;
  firstLine: number;
}

const PIECE_BYTES = 1 << 20;

/** Longest line, and longest element of an array: beyond it, a file is not what its name says. */
export const MOST_BYTES = 64 << 20;

/** An error for what is longer than a row can be, and the line that it begins on. */
export function tooLong(file: string, line: number, what: string): W2sError {
  const path = displayPath(file);
  const from = isGzip(file) ? `gzip -dc ${path} | tail -n +${line}` : `tail -n +${line} ${path}`;
  return new W2sError(
    'ERR_DATA',
    `Expected ${what} of at most ${MOST_BYTES >> 20} MiB in ${path}, line ${line}, but received more.`,
    { hint: `To see how it begins: ${from} | head -c 300` },
  );
}

/**
 * A text file piece by piece, unpacked where it is gzip: no more of it is in memory than a piece and its longest line.
 * Throws ERR_DATA at the first line that is no UTF-8, or too long.
 */
export async function* textPieces(file: string): AsyncGenerator<TextPiece> {
  let firstLine = 1;
  let begun: Buffer[] = [];
  let begunBytes = 0;
  const whole = (bytes: Buffer): TextPiece => {
    const piece = { bytes: firstLine === 1 ? withoutMark(bytes) : bytes, firstLine };
    if (!isUtf8(piece.bytes)) throw notUtf8(file, piece.bytes, firstLine);
    return piece;
  };
  for await (const chunk of unpackedChunks(file)) {
    const end = chunk.lastIndexOf(NEWLINE) + 1;
    if (end > 0) {
      const piece = whole(Buffer.concat([...begun, chunk.subarray(0, end)]));
      yield piece;
      firstLine += countLines(piece.bytes);
      begun = [];
      begunBytes = 0;
    }
    if (end < chunk.length) begun.push(chunk.subarray(end));
    begunBytes += chunk.length - end;
    if (begunBytes > MOST_BYTES) throw tooLong(file, firstLine, 'lines');
  }
  if (begun.length > 0) yield whole(Buffer.concat(begun));
}

/** Its bytes as they come, unpacked where it is gzip; `withoutMark` and UTF-8 are the reader's to look at. */
export async function* unpackedChunks(file: string): AsyncGenerator<Buffer> {
  const packed = createReadStream(file, { highWaterMark: PIECE_BYTES });
  if (!isGzip(file)) {
    yield* packed as AsyncIterable<Buffer>;
    return;
  }
  const unpacked = createGunzip({ chunkSize: PIECE_BYTES });
  let readError: unknown;
  packed.once('error', (error) => {
    readError = error;
    unpacked.destroy(error);
  });
  try {
    yield* packed.pipe(unpacked) as AsyncIterable<Buffer>;
  } catch (cause) {
    throw cause === readError ? cause : notGzip(file, cause);
  } finally {
    packed.destroy();
  }
}

/** Line breaks in [from, to). */
export function countLines(bytes: Buffer, from = 0, to = bytes.length): number {
  let count = 0;
  for (let at = bytes.indexOf(NEWLINE, from); at >= 0 && at < to; at = bytes.indexOf(NEWLINE, at + 1))
    count++;
  return count;
}

/** An error for the first of these lines that is no UTF-8. */
export function notUtf8(file: string, bytes: Buffer, firstLine = 1): W2sError {
  let row = firstLine;
  for (const line of lines(bytes)) {
    row = firstLine + line.number - 1;
    if (!isUtf8(bytes.subarray(line.start, line.end))) break;
  }
  const utf16 = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
  const error = badRow(
    { file, unit: 'line', row },
    'UTF-8 text',
    utf16 ? 'UTF-16' : 'bytes that are not UTF-8',
  );
  const name = displayPath(file);
  return new W2sError('ERR_DATA', error.message, {
    hint: `Convert it, such as by: iconv -f ${utf16 ? 'UTF-16' : 'LATIN1'} -t UTF-8 ${name} -o utf8-${name.replace(/.*\//, '')}`,
  });
}

/** Lines by byte offsets, without their ending; a last empty line is none. */
export function* lines(bytes: Buffer): Generator<{ number: number; start: number; end: number }> {
  let start = 0;
  for (let number = 1; start < bytes.length; number++) {
    const newline = bytes.indexOf(NEWLINE, start);
    const stop = newline < 0 ? bytes.length : newline;
    yield { number, start, end: stop > start && bytes[stop - 1] === RETURN ? stop - 1 : stop };
    start = stop + 1;
  }
}
