/** pip as a downloader: which attempts are made, and what a failure of pip means. */
import { type ErrorCode, W2sError } from '../errors.js';
import { WHEEL_TAG } from './pinned.js';
import { installCommand, type Ran, run } from './process.js';

/** One `pip download`: what is asked for and where. */
export interface Attempt {
  /** For people: where this looks and how much it brings. */
  what: string;
  requirements: readonly string[];
  /** Instead of what pip's own configuration names. */
  index?: string;
  /** Dependencies too. */
  dependencies?: boolean;
}

/** Rejects with ERR_ENVIRONMENT when python3 or its pip is missing. */
export async function requirePip(): Promise<void> {
  const python = await run('python3', ['-c', 'import sys, zipfile, hashlib; print(sys.version_info[0])']);
  if (python.error || python.stdout.trim() !== '3') {
    throw new W2sError('ERR_ENVIRONMENT', 'Expected python3 on PATH for fetching libtorch but found none.', {
      hint: installCommand({
        apt: 'python3 python3-pip',
        dnf: 'python3 python3-pip',
        apk: 'python3 py3-pip',
        pacman: 'python python-pip',
        brew: 'python',
      }),
    });
  }
  const pip = await run('python3', ['-m', 'pip', '--version']);
  if (pip.status !== 0) {
    throw new W2sError(
      'ERR_ENVIRONMENT',
      'Expected pip in python3 for fetching libtorch but python3 has none.',
      {
        hint: installCommand({
          apt: 'python3-pip',
          dnf: 'python3-pip',
          apk: 'py3-pip',
          pacman: 'python-pip',
          brew: 'python',
        }),
      },
    );
  }
}

/** Fetch an attempt's wheels into `folder`. */
export function pipDownload(attempt: Attempt, folder: string, onLine: (line: string) => void): Promise<Ran> {
  const args = ['-m', 'pip', 'download', '--dest', folder, '--only-binary', ':all:', '--retries', '2'];
  args.push('--timeout', '30', '--disable-pip-version-check', '--no-input', '--progress-bar', 'off');
  args.push('--implementation', 'cp', '--python-version', WHEEL_TAG.python, '--abi', WHEEL_TAG.abi);
  args.push('--abi', 'abi3', '--abi', 'none');
  for (const platform of platformTags()) args.push('--platform', platform);
  if (!attempt.dependencies) args.push('--no-deps');
  if (attempt.index) args.push('--index-url', attempt.index);
  return run('python3', [...args, ...attempt.requirements], { onLine });
}

/** The platforms whose wheels run here, best first. */
function platformTags(): string[] {
  if (process.platform === 'darwin') return ['macosx_14_0_arm64', 'macosx_11_0_arm64'];
  const machine = process.arch === 'arm64' ? 'aarch64' : 'x86_64';
  const glibc = ['2_28', '2_27', '2_25', '2_24', '2_17'].map((version) => `manylinux_${version}_${machine}`);
  return [...glibc, `manylinux2014_${machine}`, 'any'];
}

const NETWORK =
  /new connection|name or service not known|name resolution|timed out|timeout|connection (reset|refused|aborted|broken)|proxy ?error|ssl ?error|max retries|network is unreachable|HTTP error (403|407|5\d\d)/i;

/** What went wrong, as one of our codes. */
export function classifyPipFailure({ stderr, stdout }: Ran): { code: ErrorCode; why: string } {
  const text = `${stderr}\n${stdout}`;
  if (/no space left on device|disk quota/i.test(text)) return { code: 'ERR_DISK', why: 'the disk is full' };
  if (NETWORK.test(text)) return { code: 'ERR_NETWORK', why: 'the network did not answer' };
  if (/hashes? .*(do not|does not) match|did not match/i.test(text)) {
    return { code: 'ERR_LIBTORCH', why: 'the download does not match its hash' };
  }
  if (/no matching distribution/i.test(text)) return { code: 'ERR_LIBTORCH', why: 'it is not offered there' };
  const last = stderr.trim().split('\n').at(-1) ?? '';
  return { code: 'ERR_LIBTORCH', why: last === '' ? 'pip failed without a word' : last };
}
