#!/usr/bin/env node
// Runs vitest and closes with one plain line from its own JSON report: `N passed, N failed, N skipped`.
// Words after it go to vitest: `npm test -- test/native`.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const folder = mkdtempSync(join(tmpdir(), 'w2s-tests-'));
const report = join(folder, 'report.json');
const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];

const { status, signal } = spawnSync(
  process.execPath,
  [vitest, 'run', ...reporters, ...process.argv.slice(2)],
  {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
  },
);
const result = existsSync(report) ? JSON.parse(readFileSync(report, 'utf8')) : undefined;
rmSync(folder, { recursive: true });

if (!result) {
  console.error(`vitest wrote no report and ended with ${signal ?? `status ${status}`}`);
  process.exitCode = status || 1;
} else {
  // A file that failed before its first test counts as one failure.
  const broken = result.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.length === 0,
  );
  const failed = result.numFailedTests + broken.length;
  const skipped = result.numPendingTests + (result.numTodoTests ?? 0);
  const line = `${result.numPassedTests} passed, ${failed} failed, ${skipped} skipped`;
  console.log(line);
  if (process.env.W2S_TEST_SUMMARY) writeFileSync(process.env.W2S_TEST_SUMMARY, `${line}\n`);
  process.exitCode = status || (failed > 0 || result.numPassedTests === 0 ? 1 : 0);
}
