/** Running other programs: one small promise around `spawn`, and a look for programs on PATH. */
import { spawn } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

export interface Ran {
  /** Exit status; null when the program did not start or died by a signal. */
  status: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
  /** Set when the program could not be started at all. */
  error?: Error;
}

export interface RunOptions {
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  timeoutMs?: number;
  /** Sees every line of both outputs as it comes. */
  onLine?: (line: string) => void;
  signal?: AbortSignal;
}

/** Run a program to its end; never throws. */
export function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  return new Promise((done) => {
    const output = { stdout: '', stderr: '' };
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      timeout: options.timeoutMs,
      killSignal: 'SIGKILL',
      signal: options.signal,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const name of ['stdout', 'stderr'] as const) {
      const lines = lineSplitter(options.onLine);
      child[name].setEncoding('utf8').on('data', (chunk: string) => {
        output[name] += chunk;
        lines.push(chunk);
      });
      child[name].on('end', lines.flush);
    }
    child.on('error', (error) => done({ status: null, signal: null, ...output, error }));
    child.on('close', (status, signal) => done({ status, signal, ...output }));
  });
}

function lineSplitter(onLine: ((line: string) => void) | undefined) {
  let rest = '';
  const push = (chunk: string) => {
    if (!onLine) return;
    const parts = (rest + chunk).split(/\r?\n|\r/);
    rest = parts.pop() ?? '';
    for (const line of parts) if (line.trim() !== '') onLine(line);
  };
  return { push, flush: () => push('\n') };
}

/** The first of these programs that PATH has, with its whole path. */
export function which(
  names: readonly string[],
  environment: NodeJS.ProcessEnv = process.env,
): string | undefined {
  for (const name of names) {
    for (const folder of name.includes('/') ? [''] : (environment.PATH ?? '').split(delimiter)) {
      const file = folder === '' ? name : join(folder, name);
      if (isExecutable(file)) return file;
    }
  }
  return undefined;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

/** The command that installs a package here, by the package manager that is there. */
export function installCommand(packages: {
  apt: string;
  dnf: string;
  apk: string;
  pacman: string;
  brew: string;
}): string {
  const sudo = process.getuid?.() === 0 ? '' : 'sudo ';
  if (process.platform === 'darwin') return `brew install ${packages.brew}`;
  if (isExecutable('/usr/bin/dnf')) return `${sudo}dnf install -y ${packages.dnf}`;
  if (isExecutable('/sbin/apk')) return `${sudo}apk add ${packages.apk}`;
  if (isExecutable('/usr/bin/pacman')) return `${sudo}pacman -S --noconfirm ${packages.pacman}`;
  return `${sudo}apt-get update && ${sudo}apt-get install -y ${packages.apt}`;
}
