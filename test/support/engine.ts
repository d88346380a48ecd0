/** Experiments on an engine that a test has changed, or that end in the middle. */
import { type EngineOptions, loadEngine } from '../../src/execution/context.js';
import { type RunEvent, type TrainDocument, weakToStrong } from '../../src/index.js';
import type { NativeBinding } from '../../src/native/binding.js';
import type { Engine } from '../../src/steps/context.js';

/** The CPU's engine, with some of the addon's functions in place of its own. */
export async function engineWith(
  change: (binding: NativeBinding) => Partial<NativeBinding>,
): Promise<Engine> {
  const engine = await loadEngine({ device: 'cpu', threads: 1 }, {});
  return { ...engine, binding: { ...engine.binding, ...change(engine.binding) } };
}

/** Until the `count`-th progress event of the supervisor, from 1 on; null where it did not come to its end. */
export async function trainUntil(
  settings: Parameters<typeof weakToStrong>[0],
  onEvent: (event: RunEvent) => void,
  { engine, count }: EngineOptions & { count?: number } = {},
): Promise<TrainDocument | null> {
  const controller = new AbortController();
  let seen = 0;
  const tell = (event: RunEvent) => {
    onEvent(event);
    if (event.type === 'progress' && event.role === 'weak' && ++seen === count) controller.abort();
  };
  // `engine` is for tests alone, and in no type of the package.
  const options: object = { ...(engine ? { engine } : {}), onEvent: tell, signal: controller.signal };
  return weakToStrong(settings, options).catch(() => null);
}
