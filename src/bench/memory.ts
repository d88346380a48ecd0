/** How much memory this process took at most. */
import { readFileSync, writeFileSync } from 'node:fs';

/** Starts anew, where the system can (Linux); elsewhere the peak is that of the whole process. */
export function resetPeakMemory(): void {
  try {
    writeFileSync('/proc/self/clear_refs', '5');
  } catch {
    // See above.
  }
}

/** Largest resident set since the last reset, in bytes. */
export function peakMemory(): number {
  try {
    const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
    if (kilobytes !== undefined) return Number(kilobytes) * 1024;
  } catch {
    // Not Linux.
  }
  return process.resourceUsage().maxRSS * 1024;
}
