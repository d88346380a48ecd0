/** Names of modules that users write, told from names of what is built in. */

/** A path that is written as one: `./my-loss.mjs`. */
export type ModulePath =
  | `${string}.${'js' | 'mjs' | 'cjs' | 'ts' | 'mts' | 'cts'}`
  | `./${string}`
  | `../${string}`
  | `/${string}`;

/** Whether a value is the file name of a module. */
export function isModuleFile(value: string): boolean {
  return /\.[cm]?[jt]s$/i.test(value);
}

/** The same, where anything with a slash in it can be nothing else. */
export function isModulePath(value: unknown): value is ModulePath {
  return typeof value === 'string' && (isModuleFile(value) || /[/\\]/.test(value));
}
