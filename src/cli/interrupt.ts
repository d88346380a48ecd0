/** Ctrl-C: the first asks the command to stop and save, the second ends the process at once. */
import { EXIT, W2sError } from '../errors.js';

export interface Interruptible {
  signal: AbortSignal;
  /** Takes the handlers away again. */
  forget: () => void;
}

/** Watch SIGINT and SIGTERM for as long as a command runs. */
export function interruptible(stderr: NodeJS.WritableStream): Interruptible {
  const controller = new AbortController();
  const onSignal = (name: NodeJS.Signals) => {
    if (controller.signal.aborted) process.exit(EXIT.interrupted);
    stderr.write(`\n${name}: stopping after this step and saving; once more ends at once\n`);
    controller.abort(
      new W2sError('ERR_ABORTED', 'Interrupted; what was done is saved.', {
        hint: 'Type the same command again to go on from there.',
      }),
    );
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  return {
    signal: controller.signal,
    forget: () => process.off('SIGINT', onSignal).off('SIGTERM', onSignal),
  };
}
