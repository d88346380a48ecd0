// One step of the GPU suite: a process of its own, for so many seconds.
import { spawn } from 'node:child_process';

/** Of what a failed step printed, so much is kept. */
const TAIL = 1500;

/**
 * Runs a step for at most `limit` seconds, and reads the JSON that it prints where it is to print one. What a step
 * printed is kept of those alone that failed.
 * @param {import('./gpu-suite-steps.mjs').Step} step
 * @param {{ folder: string, environment: NodeJS.ProcessEnv, limit: number }} options
 */
export async function runStep({ name, command, skip, json }, { folder, environment, limit }) {
  if (skip) return { name, status: 'left out', seconds: 0, reason: skip };
  if (limit < 2) return { name, status: 'left out', seconds: 0, reason: 'no time left' };
  const began = performance.now();
  const ran = await run(command, { folder, environment, limit });
  const seconds = (performance.now() - began) / 1000;
  const result = json ? parsed(ran.stdout) : undefined;
  const reason = reasonOf(ran, limit, json === true && result === undefined);
  if (reason) return { name, status: 'failed', seconds, reason, tail: ran.all.trim().slice(-TAIL) };
  return { name, status: 'ok', seconds, ...(json ? { result } : {}) };
}

/** Why a step failed, if it did. */
function reasonOf({ status, late }, limit, lacksResult) {
  if (late) return `ran past its ${Math.round(limit)} s`;
  if (status !== 0) return `status ${status}`;
  return lacksResult ? 'printed no JSON' : undefined;
}

/** Runs a program to its end, or to that of its time. */
async function run([program, ...args], { folder, environment, limit }) {
  const child = spawn(program, args, {
    cwd: folder,
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const ran = { status: 0, stdout: '', all: '', late: false };
  child.stdout.on('data', (text) => {
    ran.stdout += text;
    ran.all = (ran.all + text).slice(-4 * TAIL);
  });
  child.stderr.on('data', (text) => {
    ran.all = (ran.all + text).slice(-4 * TAIL);
  });
  const timer = setTimeout(() => {
    ran.late = true;
    // The whole process group: a step starts compilers and Pythons of its own.
    try {
      process.kill(-child.pid, 'SIGKILL');
    } catch {
      // It is gone, but for somebody who holds its output.
    }
    child.stdout.destroy();
    child.stderr.destroy();
  }, limit * 1000);
  ran.status = await new Promise((done) => {
    child.on('close', done);
    child.on('error', (error) => {
      ran.all += error.message;
      done(-1);
    });
  });
  clearTimeout(timer);
  return ran;
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
