/** The programs that a build needs; each missing one has its own message and the command that mends it. */
import { W2sError } from '../errors.js';
import { installCommand, run, which } from './process.js';

export interface Toolchain {
  cmake: string;
  compiler: string;
  /** Ninja or make. */
  builder: string;
  nvcc: string | undefined;
}

/** What is there, without an opinion: for `doctor`. */
export function findToolchain(): { [Tool in keyof Toolchain]: string | undefined } {
  const compiler = process.env.CXX ? which([process.env.CXX]) : which(['c++', 'g++', 'clang++']);
  return {
    cmake: which(['cmake']),
    compiler,
    builder: which(['ninja', 'make', 'gmake']),
    nvcc: which(['nvcc', '/usr/local/cuda/bin/nvcc']),
  };
}

const OLDEST_CMAKE = 3.22;

/** Rejects with ERR_BUILD naming the first tool that is missing. */
export async function requireToolchain(): Promise<Toolchain> {
  const { cmake, compiler, builder, nvcc } = findToolchain();
  if (!compiler) {
    throw missing('a C++20 compiler (g++ or clang++)', {
      apt: 'g++ make',
      dnf: 'gcc-c++ make',
      apk: 'g++ make',
      pacman: 'base-devel',
      brew: 'llvm',
    });
  }
  if (!cmake) {
    throw missing('CMake', { apt: 'cmake', dnf: 'cmake', apk: 'cmake', pacman: 'cmake', brew: 'cmake' });
  }
  if (!builder) {
    throw missing('make or ninja', { apt: 'make', dnf: 'make', apk: 'make', pacman: 'make', brew: 'ninja' });
  }
  const version = /version (\d+\.\d+)/.exec((await run(cmake, ['--version'])).stdout)?.[1] ?? '0';
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major + minor / 100 < OLDEST_CMAKE) {
    throw new W2sError(
      'ERR_BUILD',
      `Expected CMake ${OLDEST_CMAKE} or newer for building the addon but received ${version} (${cmake}).`,
      { hint: 'python3 -m pip install --upgrade cmake' },
    );
  }
  return { cmake, compiler, builder, nvcc };
}

function missing(what: string, packages: Parameters<typeof installCommand>[0]): W2sError {
  return new W2sError('ERR_BUILD', `Expected ${what} on PATH for building the addon but found none.`, {
    hint: installCommand(packages),
  });
}
