/** Commands that a person may type next, under a result. */
import { kebab } from '../config/case.js';
import { quoted } from '../report/html/command.js';
import type { Argv } from './command.js';

export interface NextCommand {
  command: string;
  why: string;
}

/** `Next:`, then a line for what it does and one for the command, ready to be copied. */
export function nextText(commands: readonly NextCommand[]): string {
  return ['Next:', ...commands.flatMap(({ command, why }) => [`  ${command}`, `      ${why}`])].join('\n');
}

/** Flags that say how a result is shown, not what is done. */
const SHOWN = new Set(['json', 'report', 'verbose', 'help']);

/** The command as it was typed, with some settings (by camelCase key) changed. */
export function commandWith(
  name: string,
  argv: Argv,
  settings: Readonly<Record<string, string>> = {},
): string {
  const flags = new Map<string, unknown>();
  for (const [flag, value] of Object.entries(argv)) {
    if (flag !== '_' && !SHOWN.has(flag)) flags.set(flag, value);
  }
  for (const [key, value] of Object.entries(settings)) {
    // What was said of the student alone would win.
    flags.delete(`strong-${kebab(key)}`);
    flags.set(kebab(key), value);
  }
  return ['npx w2s-native', name, ...[...flags].flatMap(([flag, value]) => wordsOf(flag, value))].join(' ');
}

function wordsOf(flag: string, value: unknown): string[] {
  if (value === true) return [`--${flag}`];
  if (value === false) return [`--no-${flag}`];
  const text = String(value);
  return text.startsWith('-') ? [`--${flag}=${quoted(text)}`] : [`--${flag}`, quoted(text)];
}

/** ` --flag value` for each value that is there; with a blank in front, to be put behind a command. */
export function flagsOf(values: Readonly<Record<string, string | boolean | undefined>>): string {
  return Object.entries(values)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${wordsOf(kebab(key), value).join(' ')}`)
    .join('');
}

/** `--out`, where it is not what commands write to anyway. */
export const outFlag = (out: string): string => flagsOf({ out: out === DEFAULT_OUT ? undefined : out });

const DEFAULT_OUT = 'results';

export { quoted };
