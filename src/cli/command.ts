/** What every command file exports as `command`; `main.ts` imports the file only when it is called. */
import type { Options } from 'yargs';

/** Where a command writes, and how it is told to stop. */
export interface CommandContext {
  /** Results only: a table, or with --json exactly one JSON document. */
  stdout: NodeJS.WriteStream;
  /** Progress, logs and errors. */
  stderr: NodeJS.WriteStream;
  /** Aborted by the first Ctrl-C. */
  signal: AbortSignal;
  verbose: boolean;
  env: NodeJS.ProcessEnv;
}

/**
 * Flags by their kebab-case names, `_` for positional words (the command's own name left out). Values
 * are text or booleans, as typed: main.ts turns yargs' number parsing, camel-case copies, dot notation
 * and duplicate arrays off, so that of a repeated flag the last wins.
 */
export interface Argv {
  _: readonly string[];
  [flag: string]: unknown;
}

export interface Command {
  /** Positional words, such as `FOLDER`; printed in the usage line. */
  positionals?: readonly { name: string; describe: string; required: boolean }[];
  /** A paragraph that opens the command's --help. */
  describe: string;
  /** The first positional word is a module of the user's, whose parameters are flags too. */
  takesExperiment?: true;
  /** Every flag but the common --help, --verbose; anything else typed is an unknown flag. */
  options: Readonly<Record<string, Options>>;
  /** Command lines without the program's name, and what each does. */
  examples: readonly (readonly [command: string, does: string])[];
  /** Closing lines of --help. */
  epilogue?: string;
  /** Resolves when done; throws a W2sError otherwise. The exit code follows the error. */
  run(argv: Argv, context: CommandContext): Promise<void>;
}
