/** How many CPU threads a job should use: what this process was granted, not what the machine has. */
import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';

/**
 * OMP_NUM_THREADS where it is set, else MKL_NUM_THREADS, as in libtorch; else the cores this process may run on (its
 * affinity, and with it its cpuset), but no more than the CPU quota of its control groups, rounded up: of a quota of
 * 1.5 cores, one thread would leave a third unused.
 */
export function defaultThreads(environment: NodeJS.ProcessEnv = process.env, root = '/'): number {
  for (const name of ['OMP_NUM_THREADS', 'MKL_NUM_THREADS'] as const) {
    // OpenMP takes a list, one number a level; ours is the first.
    const asked = Number.parseInt(environment[name] ?? '', 10);
    if (asked >= 1) return asked;
  }
  const quota = Math.min(...quotas(root));
  return Math.max(1, Math.min(availableParallelism(), Math.ceil(quota)));
}

/** Where a hierarchy of control groups lies. */
interface Mount {
  folder: string;
  /** The group that it shows, as /proc/self/cgroup spells it. */
  group: string;
}

/** CPU quotas, in cores, of this process's control groups and all above them. */
function quotas(root: string): number[] {
  const found = [Number.POSITIVE_INFINITY];
  for (const line of read(join(root, 'proc/self/cgroup')).split('\n')) {
    const [, controllers, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (path === undefined) continue;
    const second = controllers === '';
    if (!second && !controllers?.split(',').includes('cpu')) continue;
    const mount = mountOf(root, second);
    // Inside a container the path may be the host's: what is not there is passed over on the way up.
    for (let folder = join(mount.folder, below(path, mount.group)); ; folder = dirname(folder)) {
      found.push(second ? quotaV2(folder) : quotaV1(folder));
      if (folder === mount.folder || !folder.startsWith(mount.folder)) break;
    }
  }
  return found;
}

/** A container's mount shows its own group at the top, whose path on the host is in front of every group's below. */
function below(path: string, group: string): string {
  if (group === '/' || (path !== group && !path.startsWith(`${group}/`))) return path;
  return path.slice(group.length);
}

/** Of version 2, or of version 1 with the controller `cpu`; the usual place where the system does not say. */
function mountOf(root: string, second: boolean): Mount {
  for (const line of read(join(root, 'proc/self/mountinfo')).split('\n')) {
    // Number, parent, device, root of the mount, mount point, options …, -, type, source, options of the file system.
    const [place, system] = line.split(' - ');
    const [, , , group, folder] = place?.split(' ') ?? [];
    const [type, , options] = system?.split(' ') ?? [];
    if (group === undefined || folder === undefined) continue;
    const fits = second ? type === 'cgroup2' : type === 'cgroup' && options?.split(',').includes('cpu');
    if (fits) return { folder: join(root, unescaped(folder)), group: unescaped(group) };
  }
  return { folder: join(root, 'sys/fs/cgroup', second ? '' : 'cpu'), group: '/' };
}

/** Blanks and the like stand in mountinfo as `\040`. */
const unescaped = (text: string): string =>
  text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));

function quotaV2(folder: string): number {
  const [quota, period] = read(join(folder, 'cpu.max')).trim().split(' ').map(Number);
  return quota && period ? quota / period : Number.POSITIVE_INFINITY;
}

function quotaV1(folder: string): number {
  const quota = Number(read(join(folder, 'cpu.cfs_quota_us')));
  const period = Number(read(join(folder, 'cpu.cfs_period_us')));
  return quota > 0 && period > 0 ? quota / period : Number.POSITIVE_INFINITY;
}

function read(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}
