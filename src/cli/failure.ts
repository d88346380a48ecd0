/** How an error looks to a person, and which exit code it has. */
import { EXIT, isW2sError } from '../errors.js';
import { visible } from '../report/charts/text.js';

/**
 * Code, sentence and what to type; stack traces only under --verbose. Names of columns and files come from
 * others: what would move the cursor is spelt out.
 */
export function printFailure(error: unknown, stderr: NodeJS.WritableStream, verbose: boolean): void {
  if (isW2sError(error)) {
    stderr.write(`Error [${error.code}]: ${visible(error.message)}\n`);
    if (error.hint) stderr.write(`  ${visible(error.hint)}\n`);
    if (verbose && error.trace) stderr.write(`${error.trace}\n`);
  } else {
    stderr.write(`Error: ${visible(error instanceof Error ? error.message : String(error))}\n`);
    if (!verbose) stderr.write('  This was not expected. For the stack trace type the same with --verbose\n');
  }
  if (!verbose) return;
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    stderr.write(`${cause === error ? '' : 'Caused by: '}${cause.stack}\n`);
  }
}

export function exitCodeOf(error: unknown): number {
  return isW2sError(error) ? error.exitCode : EXIT.unexpected;
}
