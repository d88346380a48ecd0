import { findFormat } from './formats/index.js';
import type { Judge } from './types.js';

/** The judge of a data set's answers, by the name that `--dataset` takes; undefined where it brings none. */
export async function judgeOf(format: string): Promise<Judge | undefined> {
  const { judge } = await findFormat(format);
  return judge?.();
}
