/** Numbers as progress shows them: short, and of steady width. */

/** 950 → `950`, 12,345 → `12.3k`, 2,500,000 → `2.5M`. */
export function compact(value: number): string {
  if (value >= 1e6) return `${(value / 1e6).toFixed(1)}M`;
  if (value >= 1e4) return `${(value / 1e3).toFixed(1)}k`;
  return value >= 10 ? String(Math.round(value)) : value.toPrecision(2);
}

/** Milliseconds as `0.4 s`, `12 s`, `3 min 05 s`, `2 h 10 min`. */
export function duration(ms: number): string {
  return ms < 9_950 ? `${(ms / 1000).toFixed(1)} s` : wholeSeconds(ms);
}

/** The same of what is only estimated: never a fraction of a second, and no more than it can know. */
export function timeLeft(ms: number): string {
  return wholeSeconds(ms < 60_000 ? ms : Math.round(ms / 5_000) * 5_000);
}

function wholeSeconds(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${twoDigits(seconds % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${twoDigits(minutes % 60)} min`;
}

const twoDigits = (count: number): string => String(count).padStart(2, '0');

/** `2.314`, `0.0412`, `1.3e-5`. */
export function lossText(loss: number): string {
  if (!Number.isFinite(loss)) return String(loss);
  if (loss !== 0 && Math.abs(loss) < 1e-3) return loss.toExponential(1);
  return Math.abs(loss) >= 0.1 ? loss.toFixed(3) : loss.toPrecision(3);
}

export { percent, plural } from '../report/format.js';
