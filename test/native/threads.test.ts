/** Threads of a job, by what this process was granted; and whether the CPU is quick in bfloat16. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { bf16Support } from '../../src/native/bf16.js';
import { defaultThreads } from '../../src/native/threads.js';
import { temporaryFolder } from '../support/results.js';

const { folder, cleanUp } = temporaryFolder();
const root = join(folder, 'root');
const cores = availableParallelism();

beforeEach(() => rmSync(root, { recursive: true, force: true }));
afterAll(cleanUp);

function write(name: string, text: string): void {
  const file = join(root, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

const threads = () => defaultThreads({}, root);

describe('defaultThreads', () => {
  it('obeys OMP_NUM_THREADS, else MKL_NUM_THREADS', () => {
    expect(defaultThreads({ OMP_NUM_THREADS: '3' })).toBe(3);
    expect(defaultThreads({ OMP_NUM_THREADS: '5,2', MKL_NUM_THREADS: '4' })).toBe(5);
    expect(defaultThreads({ OMP_NUM_THREADS: 'many', MKL_NUM_THREADS: '4' }, root)).toBe(4);
    expect(defaultThreads({ OMP_NUM_THREADS: '0' }, root)).toBe(cores);
  });

  it('takes the cores of the process without control groups, or without a quota', () => {
    expect(threads()).toBe(cores);
    write('proc/self/cgroup', '0::/a\n');
    write('sys/fs/cgroup/a/cpu.max', 'max 100000\n');
    expect(threads()).toBe(cores);
  });

  it('obeys the smallest quota of its group and of those above, version 2', () => {
    write('proc/self/cgroup', '0::/a/b\n');
    write('sys/fs/cgroup/a/b/cpu.max', 'max 100000\n');
    write('sys/fs/cgroup/a/cpu.max', '50000 100000\n');
    expect(threads()).toBe(1);
    write('sys/fs/cgroup/a/b/cpu.max', '40000 100000\n');
    write('sys/fs/cgroup/a/cpu.max', '900000 100000\n');
    expect(threads()).toBe(1);
  });

  it('rounds a part of a core up', () => {
    write('proc/self/cgroup', '0::/\n');
    write('sys/fs/cgroup/cpu.max', '150000 100000\n');
    expect(threads()).toBe(Math.min(cores, 2));
    write('sys/fs/cgroup/cpu.max', '1000 100000\n');
    expect(threads()).toBe(1);
  });

  it('obeys version 1, whose controllers may share a hierarchy', () => {
    write('proc/self/cgroup', '9:memory:/m\n4:cpu,cpuacct:/c/d\n2:cpuset:/\n');
    write('sys/fs/cgroup/cpu/c/cpu.cfs_quota_us', '100000\n');
    write('sys/fs/cgroup/cpu/c/cpu.cfs_period_us', '100000\n');
    write('sys/fs/cgroup/cpu/c/d/cpu.cfs_quota_us', '-1\n');
    write('sys/fs/cgroup/cpu/c/d/cpu.cfs_period_us', '100000\n');
    expect(threads()).toBe(1);
  });

  it('finds the hierarchy where it is mounted, and a container’s group at its top', () => {
    write('proc/self/cgroup', '0::/docker/0123/job\n3:cpu:/docker/0123\n');
    write(
      'proc/self/mountinfo',
      [
        '30 23 0:26 / /proc rw,nosuid - proc proc rw',
        '31 23 0:28 /docker/0123 /cgroups/all\\040together rw,nosuid shared:4 - cgroup2 cgroup2 rw',
        '32 31 0:29 /docker/0123 /cgroups/cpu rw,relatime - cgroup cgroup rw,cpu,cpuacct',
      ].join('\n'),
    );
    expect(threads()).toBe(cores);
    write('cgroups/all together/job/cpu.max', '70000 100000\n');
    expect(threads()).toBe(1);
    write('cgroups/all together/job/cpu.max', 'max 100000\n');
    write('cgroups/cpu/cpu.cfs_quota_us', '60000\n');
    write('cgroups/cpu/cpu.cfs_period_us', '100000\n');
    expect(threads()).toBe(1);
  });

  it('passes over a path that is the host’s', () => {
    write('proc/self/cgroup', '0::/kubepods/pod7/c1\n');
    write('sys/fs/cgroup/cpu.max', '100000 100000\n');
    expect(threads()).toBe(1);
  });
});

describe('bf16Support', () => {
  const support = (text: string) => {
    write('cpuinfo', text);
    return bf16Support(join(root, 'cpuinfo'));
  };

  it('tells by the flags of the CPU', () => {
    expect(support('flags\t\t: fpu avx512f avx512_bf16\n')).toEqual({ fast: true, why: 'AVX512-BF16' });
    expect(support('flags\t\t: fpu avx512_bf16 amx_tile amx_bf16\n')).toEqual({ fast: true, why: 'AMX' });
    expect(support('Features\t: fp asimd bf16 i8mm\n')).toMatchObject({ fast: true });
    expect(support('flags\t\t: fpu avx2 avx512f\n')).toMatchObject({ fast: false });
    expect(support('')).toMatchObject({ fast: null });
    expect(bf16Support(join(root, 'none'))).toMatchObject({ fast: null });
  });
});
