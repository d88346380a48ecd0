import { isUtf8 } from 'node:buffer';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
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
    throw new W2sError('ERR_DATA', `Expected gzip data in ${displayPath(file)} but it cannot be unpacked.`, {
      cause,
      hint: `To see what is wrong: gzip -t ${displayPath(file)}`,
    });
  }
}

/** A whole text file, unpacked where it is gzip. Throws ERR_DATA where it is no UTF-8. */
export async function readText(file: string): Promise<Buffer> {
  let bytes = await readUnpacked(file);
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) bytes = bytes.subarray(3);
  if (!isUtf8(bytes)) throw notUtf8(file, bytes);
  return bytes;
}

function notUtf8(file: string, bytes: Buffer): W2sError {
  let row = 1;
  for (const line of lines(bytes)) {
    row = line.number;
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
