import { hubEndpoint, isOffline, reasonOf, refusalOf } from '../../config/hub/access.js';
import { diskFailure } from '../../config/hub/keep.js';
import { isW2sError, W2sError } from '../../errors.js';
import { dataCache } from './cache.js';

/** What was asked of the hub, for messages. */
export interface Asked {
  what: string;
  /** What to do instead; ends in something to type. */
  hint: string;
  /** The nearest right name, looked for where the hub does not have what was asked for. */
  suggest?: () => Promise<string | undefined>;
}

/** A failure in the package's words: ERR_NOT_FOUND, ERR_DISK or ERR_NETWORK. */
export async function explained(cause: unknown, { what, hint, suggest }: Asked): Promise<W2sError> {
  if (isW2sError(cause)) {
    return cause.hint === undefined ? new W2sError(cause.code, cause.message, { cause, hint }) : cause;
  }
  const endpoint = hubEndpoint();
  const why = refusalOf(cause);
  if (why !== undefined) {
    return new W2sError('ERR_NOT_FOUND', `Expected ${what} from ${endpoint}, ${why}.`, {
      cause,
      hint: (await suggest?.()) ?? hint,
    });
  }
  return (
    diskFailure(cause, what, dataCache()) ??
    new W2sError(
      'ERR_NETWORK',
      `Expected ${what} from ${endpoint} but it cannot be had: ${reasonOf(cause)}.`,
      {
        cause,
        hint: `${hint}, or ${isOffline() ? 'allow the network: unset HF_HUB_OFFLINE' : 'set a mirror: export HF_ENDPOINT=https://…'}`,
      },
    )
  );
}
