/** yargs options from the keys of src/config. */
import type { Options } from 'yargs';
import { kebab } from '../config/case.js';
import type { Key, Keys } from '../config/key.js';

/**
 * yargs options of a command's keys. No defaults are handed over: what nobody typed must stay unsaid, so
 * that a file or a preset can say it.
 */
export function optionsOf(
  keys: Keys,
  isHidden: (name: string) => boolean = () => false,
): Record<string, Options> {
  return Object.fromEntries(
    Object.entries(keys)
      .filter(([, key]) => key.notAsFlag !== true)
      .map(([name, key]) => [kebab(name), optionOf(key, isHidden(name))]),
  );
}

function optionOf(key: Key, hidden: boolean): Options {
  const words = key.defaultWords ?? (key.default === undefined ? undefined : defaultText(key.default));
  const placeholder = key.placeholder === '' ? '' : `<${key.placeholder}> `;
  return {
    type: key.isSwitch === true ? 'boolean' : 'string',
    describe: placeholder + key.describe,
    group: `${key.group}:`,
    hidden,
    ...(words === undefined ? {} : { defaultDescription: words }),
  };
}

function defaultText(value: unknown): string {
  if (typeof value === 'number' && value > 0 && value < 1e-3) return value.toExponential();
  return Array.isArray(value) ? value.join(',') : String(value);
}
