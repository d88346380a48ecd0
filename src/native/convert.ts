/**
 * The addon throws plain errors that carry `code`, `hint` and `trace`. The handles given to the rest of the
 * package are thin copies whose every call turns those into W2sError.
 */
import { ERROR_EXIT_CODES, type ErrorCode, W2sError } from '../errors.js';
import { bindingShape, type NativeBinding, type NativeModel, type NativeTrainer } from './binding.js';

/** A W2sError for whatever the addon threw; anything unknown becomes ERR_NATIVE. */
export function toW2sError(thrown: unknown): W2sError {
  if (thrown instanceof W2sError) return thrown;
  const { code, hint, trace, message } = (thrown ?? {}) as {
    [Key in 'code' | 'hint' | 'trace' | 'message']?: unknown;
  };
  const known = typeof code === 'string' && Object.hasOwn(ERROR_EXIT_CODES, code);
  return new W2sError(known ? (code as ErrorCode) : 'ERR_NATIVE', text(message) ?? String(thrown), {
    hint: text(hint),
    trace: text(trace),
    cause: thrown,
  });
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** From a copy to the addon's own handle, for calls that take a handle. */
const originals = new WeakMap<object, object>();

/** The addon's own handle behind a copy; anything else is given back as it is. */
export function original<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  return (originals.get(value) as T | undefined) ?? value;
}

type Method = (...args: unknown[]) => unknown;

function copyOf<T extends object>(
  target: T,
  names: readonly string[],
  wrap: (result: unknown) => unknown,
): T {
  const copy: Record<string, unknown> = {};
  for (const name of names) {
    const member = (target as Record<string, unknown>)[name];
    if (typeof member !== 'function') {
      Object.defineProperty(copy, name, {
        enumerable: true,
        get: () => (target as Record<string, unknown>)[name],
      });
      continue;
    }
    copy[name] = (...args: unknown[]) =>
      converted(() => (member as Method).apply(target, args.map(original)), wrap);
  }
  originals.set(copy, target);
  return copy as T;
}

function converted(call: () => unknown, wrap: (result: unknown) => unknown): unknown {
  let result: unknown;
  try {
    result = call();
  } catch (error) {
    throw toW2sError(error);
  }
  if (!(result instanceof Promise)) return wrap(result);
  return result.then(wrap, (error) => {
    throw toW2sError(error);
  });
}

const asIs = (result: unknown) => result;

/**
 * The whole binding with converted errors, its models and trainers included. Cancel tokens are the addon's own:
 * they travel inside options, and `cancel` never throws.
 */
export function convertErrors(binding: NativeBinding): NativeBinding {
  const copy = copyOf(binding, bindingShape.binding, asIs);
  const make = <Name extends 'loadModel' | 'createTrainer'>(name: Name, names: readonly string[]) => {
    const wrap = (handle: unknown) => copyOf(handle as NativeModel | NativeTrainer, names, asIs);
    const call = binding[name] as Method;
    return (...args: unknown[]) => converted(() => call.apply(binding, args.map(original)), wrap);
  };
  return Object.assign(copy, {
    loadModel: make('loadModel', bindingShape.model),
    createTrainer: make('createTrainer', bindingShape.trainer),
  });
}
