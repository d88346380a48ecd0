/** Whether this CPU multiplies bfloat16 matrices faster than float32: what `--dtype bf16` is worth here. */
import { readFileSync } from 'node:fs';

export interface Bf16Support {
  /** null: this system does not say. */
  fast: boolean | null;
  /** For people. */
  why: string;
}

/** Instructions that multiply bfloat16, by their names in /proc/cpuinfo; the best first. */
const INSTRUCTIONS: readonly (readonly [flag: string, name: string])[] = [
  ['amx_bf16', 'AMX'],
  ['avx512_bf16', 'AVX512-BF16'],
  ['bf16', 'the bf16 instructions of ARM'],
];

/** Looks at the CPU's flags; loads nothing. @param cpuinfo a file such as /proc/cpuinfo */
export function bf16Support(cpuinfo = '/proc/cpuinfo'): Bf16Support {
  const flags = cpuFlags(cpuinfo);
  if (flags === undefined) return { fast: null, why: 'this system does not name its instructions' };
  const found = INSTRUCTIONS.find(([flag]) => flags.has(flag));
  if (found === undefined) return { fast: false, why: 'no AVX512-BF16, AMX or ARM bf16; f32 is faster' };
  return { fast: true, why: found[1] };
}

function cpuFlags(file: string): ReadonlySet<string> | undefined {
  try {
    // `flags` on x86, `Features` on ARM.
    const line = /^(?:flags|Features)\s*:(.*)$/m.exec(readFileSync(file, 'utf8'))?.[1];
    return line === undefined ? undefined : new Set(line.trim().split(/\s+/));
  } catch {
    return undefined;
  }
}
