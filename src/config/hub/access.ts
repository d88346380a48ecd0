/**
 * How the Hugging Face hub, or what stands in for it (`HF_ENDPOINT`), is reached: for models and data alike.
 * `HF_TOKEN` is sent where it is set; `HF_HUB_OFFLINE=1` forbids the network.
 */

export const HUB = 'https://huggingface.co';
/** Silence after which a connection counts as lost. */
const CONNECT_MS = 30_000;

/** What `@huggingface/hub` wants to know to reach the hub. */
export interface HubAccess {
  fetch: typeof fetch;
  hubUrl: string;
  accessToken?: string;
}

/** Where the hub is, without a slash at the end. */
export const hubEndpoint = (): string => (process.env.HF_ENDPOINT || HUB).replace(/\/+$/, '');

export function hubAccess(): HubAccess {
  const token = process.env.HF_TOKEN;
  return { fetch: patientFetch, hubUrl: hubEndpoint(), ...(token ? { accessToken: token } : {}) };
}

/** Whether the user forbids the network. */
export const isOffline = (): boolean => /^(1|true|on|yes)$/i.test(process.env.HF_HUB_OFFLINE ?? '');

/** Throws where the user, or the caller, forbids the network. */
export function requireOnline(allowed = true): void {
  if (isOffline()) throw new Error('HF_HUB_OFFLINE is set');
  if (!allowed) throw new Error('only what was fetched before is asked for');
}

/** `fetch` that gives up when no answer begins in time. */
export const patientFetch: typeof fetch = async (input, init) => {
  const abort = new AbortController();
  const timer = setTimeout(
    () => abort.abort(new Error(`no answer within ${CONNECT_MS / 1000} s`)),
    CONNECT_MS,
  );
  try {
    return await fetch(input, { ...init, signal: abort.signal });
  } finally {
    clearTimeout(timer);
  }
};

/** The hub answered, but not with what was asked for. Errors of `@huggingface/hub` have the same field. */
export class HubAnswerError extends Error {
  constructor(readonly statusCode: number) {
    super(`it answered with status ${statusCode}`);
  }
}

/** What a failure says of the thing that was asked for; undefined where it only says that the hub was not reached. */
export function refusalOf(cause: unknown): string | undefined {
  const status = (cause as { statusCode?: unknown } | null)?.statusCode;
  if (status === 404) return 'which the hub does not have';
  if (status === 401 || status === 403) {
    return 'which the hub does not have, or does not show without permission (HF_TOKEN)';
  }
  return undefined;
}

/** Why the hub was not reached, in the words of what lies below. */
export function reasonOf(cause: unknown): string {
  const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
  if (!(inner instanceof Error)) return String(inner);
  return inner.message || (inner as NodeJS.ErrnoException).code || inner.name;
}
