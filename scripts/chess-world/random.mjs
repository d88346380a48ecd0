/**
 * Seeded random numbers for the chess world: one independent stream per (seed, name, index), so that a
 * game, a position or a split can be made again alone, in any order and by any number of processes.
 */
import { createHash } from 'node:crypto';

/** A generator of uniform numbers in [0, 1): sfc32, seeded by SHA-256 of its name. */
export function stream(seed, ...parts) {
  const digest = createHash('sha256')
    .update(JSON.stringify([seed, ...parts]))
    .digest();
  let a = digest.readUInt32LE(0);
  let b = digest.readUInt32LE(4);
  let c = digest.readUInt32LE(8);
  let d = 1;
  const next = () => {
    const t = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + t) | 0;
    return (t >>> 0) / 4294967296;
  };
  for (let i = 0; i < 12; i++) next();
  return next;
}

/** One element of a list. */
export const pick = (random, list) => list[Math.floor(random() * list.length)];

/** A shuffled copy (Fisher–Yates). */
export function shuffled(random, list) {
  const out = [...list];
  for (let i = out.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [out[i], out[j]] = [out[j], out[i]];
  }
  return out;
}
