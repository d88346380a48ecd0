/** How many CPU threads a job should use: what this process was granted, not what the machine has. */
import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';

/**
 * OMP_NUM_THREADS where it is set; else the cores this process may run on, but no more than its control
 * group's CPU quota (rounded up).
 */
export function defaultThreads(environment: NodeJS.ProcessEnv = process.env, root = '/'): number {
  const asked = Number.parseInt(environment.OMP_NUM_THREADS ?? '', 10);
  if (asked >= 1) return asked;
  const quota = Math.min(...quotas(root));
  return Math.max(1, Math.min(availableParallelism(), Math.ceil(quota)));
}

/** CPU quotas, in cores, of this process's control groups and all above them. */
function quotas(root: string): number[] {
  const found = [Number.POSITIVE_INFINITY];
  for (const line of read(join(root, 'proc/self/cgroup')).split('\n')) {
    const [, controllers, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (path === undefined) continue;
    const second = controllers === '';
    if (!second && !controllers?.split(',').includes('cpu')) continue;
    const mount = join(root, 'sys/fs/cgroup', second ? '' : 'cpu');
    // Inside a container the path may be the host's: what is not there is passed over on the way up.
    for (let folder = join(mount, path); ; folder = dirname(folder)) {
      found.push(second ? quotaV2(folder) : quotaV1(folder));
      if (folder === mount || !folder.startsWith(mount)) break;
    }
  }
  return found;
}

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
