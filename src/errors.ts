/**
 * The one error class of the package. Every failure that a user can meet carries a stable `code`, a
 * sentence, a hint that ends in something to type, and the exit code that the command line ends with.
 */

/** Exit codes of the command line (DESIGN 3.1). */
export const EXIT = {
  done: 0,
  unexpected: 1,
  usage: 2,
  environment: 3,
  data: 4,
  outOfMemory: 5,
  diverged: 6,
  interrupted: 130,
} as const;

/** Every stable error code, with the exit code that belongs to it. */
export const ERROR_EXIT_CODES = {
  ERR_USAGE: EXIT.usage,
  ERR_CONFIG: EXIT.usage,
  ERR_ENVIRONMENT: EXIT.environment,
  ERR_LIBTORCH: EXIT.environment,
  ERR_BUILD: EXIT.environment,
  ERR_DEVICE: EXIT.environment,
  ERR_NETWORK: EXIT.environment,
  ERR_DISK: EXIT.environment,
  ERR_DATA: EXIT.data,
  ERR_WEIGHTS: EXIT.data,
  ERR_ARCHITECTURE: EXIT.data,
  ERR_TOKENIZER: EXIT.data,
  ERR_NOT_FOUND: EXIT.data,
  ERR_STORE: EXIT.data,
  ERR_OUT_OF_MEMORY: EXIT.outOfMemory,
  ERR_NOT_FINITE: EXIT.diverged,
  ERR_ABORTED: EXIT.interrupted,
  ERR_DISPOSED: EXIT.unexpected,
  ERR_ARGUMENT: EXIT.unexpected,
  ERR_NATIVE: EXIT.unexpected,
} as const;

/** A key of `ERROR_EXIT_CODES`. */
export type ErrorCode = keyof typeof ERROR_EXIT_CODES;

/** What an error may bring beside its sentence. */
export interface ErrorDetails {
  /** What to do about it; ends in something to type. */
  hint?: string;
  /** What was caught, where this error stands for another. */
  cause?: unknown;
  /** Native stack trace, shown under --verbose only. */
  trace?: string;
}

/** A failure with a stable code. `message` is one sentence: "Expected … for … but received …". */
export class W2sError extends Error {
  /** Always `W2sError`. */
  override readonly name = 'W2sError';
  /** Stable: programs may rely on it. */
  readonly code: ErrorCode;
  /** What to do about it; ends in something to type. */
  readonly hint: string | undefined;
  /** Native stack trace, shown under --verbose only. */
  readonly trace: string | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.hint = details.hint;
    this.trace = details.trace;
  }

  /** The exit code that the command line ends with. */
  get exitCode(): number {
    return ERROR_EXIT_CODES[this.code];
  }
}

/** Narrow an unknown thrown value to one of ours, optionally with a given code. */
export function isW2sError(value: unknown, code?: ErrorCode): value is W2sError {
  return value instanceof W2sError && (code === undefined || value.code === code);
}
