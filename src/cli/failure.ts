/** How an error looks to a person, and which exit code it has. */
import { EXIT, isW2sError } from '../errors.js';

/** Code, sentence and what to type; stack traces only under --verbose. */
export function printFailure(error: unknown, stderr: NodeJS.WritableStream, verbose: boolean): void {
  if (isW2sError(error)) {
    stderr.write(`Error [${error.code}]: ${error.message}\n`);
    if (error.hint) stderr.write(`  ${error.hint}\n`);
    if (verbose && error.trace) stderr.write(`${error.trace}\n`);
  } else {
    stderr.write(`Error: ${error instanceof Error ? error.message : String(error)}\n`);
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
