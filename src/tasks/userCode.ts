/** Functions of a user's own, whose errors are told with what they belong to. */
import { isW2sError, W2sError } from '../errors.js';

/**
 * An error that a user's function threw, as ours; ours stay as they are.
 * @param expected what it was to give, such as `a plan of experiment mine`
 */
export function thrownBy(expected: string, cause: unknown): W2sError {
  if (isW2sError(cause)) return cause;
  const why = cause instanceof Error ? cause.message : String(cause);
  return new W2sError('ERR_CONFIG', `Expected ${expected} but its function threw: ${why}`, {
    cause,
    hint: 'For its stack type the same with --verbose',
  });
}
