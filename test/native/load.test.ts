import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { describeSelf } from '../../src/config/lockOwner.js';
import { isW2sError } from '../../src/errors.js';
import type { NativeBinding } from '../../src/native/binding.js';
import { convertErrors, toW2sError } from '../../src/native/convert.js';
import { resolveDevice } from '../../src/native/device.js';
import { withLock } from '../../src/native/lock.js';
import { withSignal } from '../../src/native/signal.js';
import { sandbox } from './fakes.js';

const { path } = sandbox();

describe('errors of the addon', () => {
  const thrown = Object.assign(new Error('Expected a tensor'), {
    code: 'ERR_WEIGHTS',
    hint: 'look',
    trace: 'at c10',
  });

  test('become W2sError with code, hint and trace; unknown ones ERR_NATIVE', () => {
    expect(toW2sError(thrown)).toMatchObject({
      code: 'ERR_WEIGHTS',
      hint: 'look',
      trace: 'at c10',
      exitCode: 4,
    });
    expect(toW2sError(new Error('c10'))).toMatchObject({ code: 'ERR_NATIVE', message: 'c10' });
    expect(toW2sError('text')).toMatchObject({ code: 'ERR_NATIVE', message: 'text' });
  });

  test('are converted in calls of the binding and of its handles, which are handed back as they were', async () => {
    const model = { info: { family: 'gpt2' }, score: () => Promise.reject(thrown), dispose: () => undefined };
    const createTrainer = vi.fn(() => {
      throw thrown;
    });
    const raw = { loadModel: () => Promise.resolve(model), createTrainer } as unknown as NativeBinding;
    const binding = convertErrors(raw);

    const handle = await binding.loadModel({} as never);
    expect(handle.info.family).toBe('gpt2');
    expect(await handle.score({} as never, {} as never).catch(isW2sError)).toBe(true);
    expect(() => binding.createTrainer(handle, {} as never)).toThrow(
      expect.objectContaining({ name: 'W2sError' }),
    );
    expect(createTrainer.mock.calls[0]).toEqual([model, {}]);
  });
});

describe('withSignal', () => {
  const token = { cancel: vi.fn() };
  const binding = { createCancelToken: () => token };

  test('cancels when the signal aborts, and lets go of it afterwards', async () => {
    const controller = new AbortController();
    await withSignal(binding, controller.signal, async (cancel) => {
      expect(cancel).toBe(token);
      controller.abort();
    });
    expect(token.cancel).toHaveBeenCalledTimes(1);
  });

  test('rejects at once when it is aborted already', async () => {
    const call = vi.fn();
    await expect(withSignal(binding, AbortSignal.abort(), call)).rejects.toMatchObject({
      code: 'ERR_ABORTED',
    });
    expect(call).not.toHaveBeenCalled();
  });
});

test('resolveDevice: the CPU needs no addon, an impossible name is a configuration error', async () => {
  expect(await resolveDevice('cpu')).toMatchObject({ device: 'cpu' });
  await expect(resolveDevice('gpu')).rejects.toMatchObject({ code: 'ERR_CONFIG', exitCode: 2 });
});

test('a lock lets one in at a time, and a dead owner’s is taken over', async () => {
  const file = path('some', 'lock');
  let inside = 0;
  let most = 0;
  const work = async () => {
    most = Math.max(most, ++inside);
    await new Promise((resolve) => setTimeout(resolve, 20));
    inside--;
  };
  await Promise.all([1, 2, 3].map(() => withLock(file, () => undefined, work)));
  expect(most).toBe(1);
  expect(existsSync(file)).toBe(false);
  mkdirSync(file);
  writeFileSync(join(file, 'lock-1.json'), JSON.stringify({ ...describeSelf('gone'), pid: 999999999 }));
  await withLock(file, () => undefined, work);
  expect(existsSync(file)).toBe(false);
});
