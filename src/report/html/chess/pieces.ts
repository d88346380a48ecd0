/** Chess pieces as paths in a square of 45 by 45, drawn for these pages. */

import type { Color, Role } from 'chessops/types';

interface Shape {
  body: string;
  /** Lines inside, in the opposite colour on black pieces. */
  lines: string;
}

const BASE = 'M11 34h23v4.5H11z';

const SHAPES: Readonly<Record<Role, Shape>> = {
  pawn: {
    body: 'M22.5 10a5.4 5.4 0 0 0-3.4 9.6C15.9 21.2 14 24 14 27h4.1c-.5 4-2.6 5.9-5.6 7.2v4.3h20v-4.3c-3-1.3-5.1-3.2-5.6-7.2H31c0-3-1.9-5.8-5.1-7.4A5.4 5.4 0 0 0 22.5 10z',
    lines: '',
  },
  rook: {
    body: 'M11 9h5v3.5h4V9h5v3.5h4V9h5v8l-3.5 3v11l3 3v4.5h-22V34l3-3V20L11 17z',
    lines: 'M14.5 20h16M14.5 31h16',
  },
  knight: {
    body: 'M13 38.5c-.4-8.6 8.6-10 9.4-17-1.9 1.8-4.6 2.4-6.6 3.8-1.4 1-2.2 2.9-4.2 2.6-2-.3-3-2.6-2-4.4 1.9-3.3 2.7-6.4 4.3-9.2.9-1.5 2.3-2.7 3.9-3.4l.4-4.1 3.6 3h1.2c8.7 1.1 12.6 9.7 12 28.7z',
    lines: 'M16.8 16.6l1.2-.6M27 13.5c3 3.5 4.2 10 4 19',
  },
  bishop: {
    body: `M22.5 5.5a2.8 2.8 0 0 0-1.9 4.9C15.8 14 13 18.6 13 23c0 3.2 1.6 5.7 4.2 7.2L16 34h13l-1.2-3.8C30.4 28.7 32 26.2 32 23c0-4.4-2.8-9-7.6-12.6a2.8 2.8 0 0 0-1.9-4.9z${BASE}`,
    lines: 'M22.5 16v8.5M18.6 19.8h7.8M17.2 30.2h10.6',
  },
  queen: {
    body: `M8.3 13.2a2.3 2.3 0 1 0-1.9-1.5l5.4 16.8L13.5 34h18l1.7-5.5 5.4-16.8a2.3 2.3 0 1 0-1.9 1.5l-7 9.3-.5-12.6a2.3 2.3 0 1 0-2.2 0L22.5 22 18 9.9a2.3 2.3 0 1 0-2.2 0l-.5 12.6z${BASE}`,
    lines: 'M11.8 28.5c7 1.3 14.4 1.3 21.4 0',
  },
  king: {
    body: `M21 3.5h3v3h3v3h-3v3.6c3.6-2.4 9.6-1.9 11.4 2.7 1.9 4.9-1 9.2-4.4 12.7V34H14v-5.5c-3.4-3.5-6.3-7.8-4.4-12.7 1.8-4.6 7.8-5.1 11.4-2.7V9.5h-3v-3h3z${BASE}`,
    lines: 'M22.5 14v13.5M14 28.5c5.6-1.5 11.4-1.5 17 0',
  },
};

const INK = '#2b2825';
const PAPER = '#fbf9f3';

/** One piece at home in its 45 by 45 square. */
export function drawPiece(role: Role, color: Color): string {
  const { body, lines } = SHAPES[role];
  const [fill, stroke, detail] = color === 'white' ? [PAPER, INK, INK] : [INK, PAPER, PAPER];
  const outline = color === 'white' ? 1.6 : 0.9;
  const inner =
    lines === ''
      ? ''
      : `<path d="${lines}" fill="none" stroke="${detail}" stroke-width="1.3" stroke-linecap="round"/>`;
  return `<path d="${body}" fill="${fill}" stroke="${stroke}" stroke-width="${outline}" stroke-linejoin="round"/>${inner}`;
}
