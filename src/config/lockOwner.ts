import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** Who holds a lock, so that others can tell whether it is still alive. */
export interface Owner {
  /** Of this one acquisition. */
  id: string;
  pid: number;
  host: string;
  /** Boot and process namespace of the host: process ids mean the same only within one. */
  place: string | null;
  /** Clock ticks since boot at which the process started; tells it from a later one with the same id. */
  startTime: string | null;
}

/** `unknown` when it lives in another place, or nothing can be said: then its heartbeat decides. */
export type Liveness = 'alive' | 'dead' | 'unknown';

export function describeSelf(id: string): Owner {
  return {
    id,
    pid: process.pid,
    host: hostname(),
    place: placeHere(),
    startTime: startTimeOf(process.pid)?.time ?? null,
  };
}

export function livenessOf(owner: Owner): Liveness {
  if (owner.host !== hostname() || owner.place !== placeHere()) return 'unknown';
  // A worker thread of this very process may have ended without releasing: its heartbeat tells.
  if (owner.pid === process.pid && owner.startTime === (startTimeOf(process.pid)?.time ?? null))
    return 'unknown';
  if (!processExists(owner.pid)) return 'dead';
  const found = startTimeOf(owner.pid);
  // Without /proc a living process of the same id may be another one.
  if (found === null || owner.startTime === null) return 'unknown';
  return found.ended || found.time !== owner.startTime ? 'dead' : 'alive';
}

function processExists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Start time (field 22 of /proc/PID/stat, see proc(5)) and whether the process has ended but was not reaped. */
function startTimeOf(pid: number): { time: string; ended: boolean } | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name, field 2, stands in parentheses and may hold anything, so count from its end.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const [state, time] = [fields[0], fields[19]];
    return time === undefined ? null : { time, ended: state === 'Z' || state === 'X' };
  } catch {
    return null;
  }
}

function placeHere(): string | null {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${boot} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return null;
  }
}
