/** A chess position as inline SVG. */

import type { Position } from 'chessops/chess';
import type { Color, Role, Square } from 'chessops/types';
import { type Html, html, trusted } from '../markup.js';
import { drawPiece } from './pieces.js';

/** One move to draw. `truth` lies widest and lowest, `supervisor` is dashed. */
export interface Arrow {
  from: Square;
  to: Square;
  look: 'truth' | 'student' | 'supervisor' | 'asked';
}

export interface BoardParts {
  position: Position;
  arrows: readonly Arrow[];
  /** A square with a ring around it. */
  ring?: Square | undefined;
  /** What the board shows, in words. */
  alt: string;
}

const SIZE = 45;
const LOOKS: Readonly<
  Record<Arrow['look'], { colour: string; width: number; dash: string; opacity: number }>
> = {
  truth: { colour: '#1b7a5c', width: 15, dash: '', opacity: 0.62 },
  asked: { colour: '#4b3f72', width: 6, dash: '', opacity: 0.85 },
  supervisor: { colour: '#c65a08', width: 5, dash: '9 5', opacity: 1 },
  student: { colour: '#1a63b0', width: 5, dash: '', opacity: 1 },
};

/** The board as the side to move sees it. */
export function drawBoard({ position, arrows, ring, alt }: BoardParts): Html {
  const side = position.turn;
  const pieces = [...position.board].map(([square, { role, color }]) => {
    const { x, y } = corner(square, side);
    return `<use href="#${pieceId(role, color)}" x="${x}" y="${y}"/>`;
  });
  const inner = [
    squares(side),
    ring === undefined ? '' : ringAround(ring, side),
    pieces.join(''),
    ...drawingOrder(arrows).map((arrow) => drawArrow(arrow, side)),
  ].join('');
  return html`<svg class="board" viewBox="0 0 360 360" role="img" aria-label="${alt}">${trusted(inner)}</svg>`;
}

const pieceId = (role: Role, color: Color): string => `piece-${color}-${role}`;

/** All pieces once, for the boards of a page to refer to. */
export function pieceDefinitions(): Html {
  const roles: readonly Role[] = ['pawn', 'knight', 'bishop', 'rook', 'queen', 'king'];
  const symbols = (['white', 'black'] as const).flatMap((color) =>
    roles.map((role) => `<g id="${pieceId(role, color)}">${drawPiece(role, color)}</g>`),
  );
  return trusted(
    `<svg width="0" height="0" aria-hidden="true" style="position:absolute"><defs>${symbols.join('')}</defs></svg>`,
  );
}

/** Upper left corner of a square, in the picture of who sits at `side`. */
function corner(square: Square, side: Color): { x: number; y: number } {
  const [file, rank] = [square & 7, square >> 3];
  const white = side === 'white';
  return { x: (white ? file : 7 - file) * SIZE, y: (white ? 7 - rank : rank) * SIZE };
}

function centre(square: Square, side: Color): { x: number; y: number } {
  const { x, y } = corner(square, side);
  return { x: x + SIZE / 2, y: y + SIZE / 2 };
}

function squares(side: Color): string {
  const dark: string[] = [];
  const names: string[] = [];
  for (let square = 0; square < 64; square++) {
    const { x, y } = corner(square, side);
    const isDark = ((square & 7) + (square >> 3)) % 2 === 0;
    if (isDark) dark.push(`M${x} ${y}h${SIZE}v${SIZE}h-${SIZE}z`);
    const fill = isDark ? 'var(--board-light)' : 'var(--board-dark)';
    const name = (text: string, dx: number, dy: number, anchor: string): string =>
      `<text x="${x + dx}" y="${y + dy}" text-anchor="${anchor}" fill="${fill}">${text}</text>`;
    if (y === 7 * SIZE) names.push(name('abcdefgh'[square & 7] ?? '', SIZE - 3, SIZE - 4, 'end'));
    if (x === 0) names.push(name(`${(square >> 3) + 1}`, 3, 11, 'start'));
  }
  return `<path d="M0 0h360v360H0z" fill="var(--board-light)"/><path d="${dark.join('')}" fill="var(--board-dark)"/><g font-size="10" font-weight="600">${names.join('')}</g>`;
}

function ringAround(square: Square, side: Color): string {
  const { x, y } = centre(square, side);
  return `<circle cx="${x}" cy="${y}" r="20" fill="#d23b2f" fill-opacity=".28" stroke="#b3261b" stroke-width="2.5"/>`;
}

/** Wide arrows first, so that a thin one on the same squares lies on top. */
function drawingOrder(arrows: readonly Arrow[]): Arrow[] {
  return [...arrows].sort((a, b) => LOOKS[b.look].width - LOOKS[a.look].width);
}

function drawArrow({ from, to, look }: Arrow, side: Color): string {
  const { colour, width, dash, opacity } = LOOKS[look];
  const [a, b] = [centre(from, side), centre(to, side)];
  const length = Math.hypot(b.x - a.x, b.y - a.y) || 1;
  const [dx, dy] = [(b.x - a.x) / length, (b.y - a.y) / length];
  const head = 7 + width;
  const at = (along: number, aside: number): string =>
    `${round(a.x + dx * along - dy * aside)} ${round(a.y + dy * along + dx * aside)}`;
  const tip = length - 2;
  const shaft = `M${at(8, 0)}L${at(tip - head + 1, 0)}`;
  const point = `M${at(tip, 0)}L${at(tip - head, head * 0.55)}L${at(tip - head, -head * 0.55)}Z`;
  const dashes = dash === '' ? '' : ` stroke-dasharray="${dash}"`;
  const halo =
    look === 'truth'
      ? ''
      : `<path d="${shaft}" stroke="#fff" stroke-opacity=".75" stroke-width="${width + 2.5}" fill="none"/>`;
  return `<g opacity="${opacity}">${halo}<path d="${shaft}" stroke="${colour}" stroke-width="${width}" fill="none"${dashes}/><path d="${point}" fill="${colour}"${look === 'truth' ? '' : ' stroke="#fff" stroke-opacity=".75"'}/></g>`;
}

const round = (value: number): number => Math.round(value * 10) / 10;
