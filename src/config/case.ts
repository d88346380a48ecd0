/** Keys are camelCase in code, kebab-case as flags and in configuration files. */

/** `headLr` → `head-lr`. */
export function kebab(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** `head-lr` → `headLr`; camelCase stays. */
export function camel(name: string): string {
  return name.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** `weak`, `headLr` → `weakHeadLr`. */
export function prefixed(side: 'weak' | 'strong', key: string): string {
  return side + key.charAt(0).toUpperCase() + key.slice(1);
}
