/** `--config FILE`: YAML or JSON with the same keys as the flags. */
import { readFile } from 'node:fs/promises';
import { W2sError } from '../errors.js';
import type { Keys } from './key.js';
import { type Layer, parseLayer, shown } from './layers.js';

/**
 * Reads a configuration file as a layer.
 * @param command the command whose keys these are
 * @throws ERR_CONFIG naming file and key: not readable, not YAML or JSON, not a list of keys, an
 * unknown key, an impossible value.
 */
export async function readConfigFile<R>(file: string, keys: Keys, command: string): Promise<Layer<R>> {
  return parseLayer<R>(keys, await readConfigValues(file, command), origin(file, command));
}

/** What a configuration file says, unchecked. @throws as `readConfigFile` where it is no list of keys */
export async function readConfigValues(file: string, command: string): Promise<Record<string, unknown>> {
  const value = await parseFile(file, await readText(file, command), command);
  if (value === null || value === undefined) return {};
  if (typeof value !== 'object' || Array.isArray(value)) {
    throw new W2sError('ERR_CONFIG', `Expected keys and values in ${file} but received ${describe(value)}.`, {
      hint: 'Write lines such as: epochs: 2',
    });
  }
  return value as Record<string, unknown>;
}

function origin(file: string, command: string) {
  return { kind: 'file', file, command } as const;
}

async function readText(file: string, command: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    const why =
      code === 'ENOENT' ? 'does not exist' : code === 'EISDIR' ? 'is a folder' : `cannot be read (${code})`;
    throw new W2sError('ERR_CONFIG', `Expected a YAML or JSON file for --config but ${file} ${why}.`, {
      hint: `See: npx w2s-native ${command} --help`,
      cause,
    });
  }
}

async function parseFile(file: string, text: string, command: string): Promise<unknown> {
  const { parseDocument, LineCounter } = await import('yaml');
  const lines = new LineCounter();
  // JSON is YAML too, but for tabs before keys, which JSON.parse takes.
  if (file.toLowerCase().endsWith('.json')) {
    try {
      return JSON.parse(text);
    } catch (cause) {
      throw syntaxError(file, (cause as Error).message, command, cause);
    }
  }
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true });
  const error = document.errors[0];
  if (error !== undefined) {
    const { line } = lines.linePos(error.pos[0]);
    const reason = error.message.split('\n')[0]?.replace(/ at line \d+, column \d+:?$/, '') ?? 'bad syntax';
    throw syntaxError(`${file}, line ${line}`, reason, command, error);
  }
  return document.toJS({ maxAliasCount: 100 }) as unknown;
}

function syntaxError(where: string, reason: string, command: string, cause: unknown): W2sError {
  return new W2sError('ERR_CONFIG', `Expected YAML or JSON in ${where} but received: ${reason}.`, {
    hint: `Keys are the flags of w2s-native ${command} --help, such as: epochs: 2`,
    cause,
  });
}

function describe(value: unknown): string {
  return Array.isArray(value) ? 'a list' : shown(value);
}
