/** AbortSignal on the one side, the addon's cancel token on the other. */
import { W2sError } from '../errors.js';
import type { NativeBinding, NativeCancelToken } from './binding.js';

/**
 * Run a native call that stops when `signal` aborts.
 *
 * @returns what `call` gives; rejects with ERR_ABORTED when it was stopped.
 */
export async function withSignal<T>(
  binding: Pick<NativeBinding, 'createCancelToken'>,
  signal: AbortSignal | undefined,
  call: (cancel: NativeCancelToken | undefined) => Promise<T>,
): Promise<T> {
  if (!signal) return call(undefined);
  if (signal.aborted) throw new W2sError('ERR_ABORTED', 'The call was aborted before it began.');
  const token = binding.createCancelToken();
  const cancel = () => token.cancel();
  signal.addEventListener('abort', cancel, { once: true });
  try {
    return await call(token);
  } finally {
    signal.removeEventListener('abort', cancel);
  }
}
