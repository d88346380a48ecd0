/** The package as its users get it: packed, and installed in a folder of its own. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { packageRoot } from '../../src/native/paths.js';

/** `W2S_PACKAGE_TESTS=1`, which CI sets: what takes a registry, or minutes. */
export const complete = process.env.W2S_PACKAGE_TESTS === '1';

export interface Ran {
  status: number | null;
  stdout: string;
  stderr: string;
}

export interface Packed {
  tarball: string;
  bytes: number;
  /** Paths within the package. */
  files: readonly string[];
}

export function run(command: string, args: readonly string[], cwd: string, env: NodeJS.ProcessEnv = {}): Ran {
  const options = { cwd, encoding: 'utf8', env: { ...process.env, ...env }, maxBuffer: 1 << 28 } as const;
  const { status, stdout, stderr } = spawnSync(command, args, options);
  return { status, stdout, stderr };
}

/** stdout; throws with everything that was said unless the command ends well. */
export function succeed(command: string, args: readonly string[], cwd: string): string {
  const { status, stdout, stderr } = run(command, args, cwd);
  if (status !== 0)
    throw new Error(`${command} ${args.join(' ')} ended with ${status}\n${stdout}\n${stderr}`);
  return stdout;
}

/** `npm pack`, of dist/ as it is. */
export function pack(folder: string): Packed {
  const args = ['pack', '--ignore-scripts', '--json', '--pack-destination', folder];
  const [{ filename, size, files }] = JSON.parse(succeed('npm', args, packageRoot));
  return {
    tarball: join(folder, filename),
    bytes: size,
    files: files.map((file: { path: string }) => file.path),
  };
}

/** A folder of a stranger with the package in it: by npm from a registry, or unpacked beside what npm ci brought. */
export function install(tarball: string, folder: string, fromRegistry = complete): string {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "name": "stranger", "private": true, "type": "module" }\n');
  if (fromRegistry) succeed('npm', ['install', '--no-audit', '--no-fund', tarball], folder);
  else unpack(tarball, folder);
  return join(folder, 'node_modules', 'w2s-native');
}

/** Only what the package depends on is there: what it merely develops with is not. */
function unpack(tarball: string, folder: string): void {
  const installed = join(folder, 'node_modules', 'w2s-native');
  mkdirSync(installed, { recursive: true });
  succeed('tar', ['-xzf', tarball, '-C', installed, '--strip-components=1'], folder);
  for (const name of dependencies()) linkModule(name, folder);
}

/** One of this checkout's modules, for the stranger too; nothing where it is there already. */
export function linkModule(name: string, folder: string): void {
  const link = join(folder, 'node_modules', name);
  if (existsSync(link)) return;
  mkdirSync(dirname(link), { recursive: true });
  symlinkSync(join(packageRoot, 'node_modules', name), link, 'dir');
}

function dependencies(): string[] {
  const { packages } = JSON.parse(readFileSync(join(packageRoot, 'package-lock.json'), 'utf8'));
  return Object.entries(packages as Record<string, { dev?: boolean }>)
    .filter(([path, { dev }]) => /^node_modules\/(@[^/]+\/)?[^/]+$/.test(path) && dev !== true)
    .map(([path]) => path.slice('node_modules/'.length))
    .filter((name) => existsSync(join(packageRoot, 'node_modules', name)));
}
