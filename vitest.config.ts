import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

// One fork per core and no isolation: with isolation every test file would pay for opening libtorch again.
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 2,
    isolate: false,
    env: { OMP_NUM_THREADS: '1' },
    // What modules of users' mean by it: the sources, not what was last built.
    alias: { 'w2s-native': fileURLToPath(new URL('src/index.ts', import.meta.url)) },
    typecheck: {
      enabled: true,
      include: ['test/types/*.test-d.ts'],
      tsconfig: 'test/types/tsconfig.json',
      ignoreSourceErrors: true,
    },
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
