// One step of the GPU suite: a process of its own, for so many seconds.
import { spawn } from 'node:child_process';
import { Printed, tailOf } from '../bench/peers/printed.mjs';

/**
 * Runs a step for at most `limit` seconds, and reads the JSON that it prints where it is to print one. What a step
 * printed is kept of those alone that failed.
 * @param {import('./gpu-suite-steps.mjs').Step} step
 * @param {{ folder: string, environment: NodeJS.ProcessEnv, limit: number, places?: [string, string][] }} options
 */
export async function runStep({ name, command, skip, json }, { folder, environment, limit, places }) {
  if (skip) return { name, status: 'left out', seconds: 0, reason: skip };
  if (limit < 2) return { name, status: 'left out', seconds: 0, reason: 'no time left' };
  const began = performance.now();
  const ran = await run(command, { folder, environment, limit });
  const seconds = (performance.now() - began) / 1000;
  const result = json ? parsed(ran.stdout) : undefined;
  const reason = whyFailed(ran, limit, json === true && result === undefined);
  if (reason) return { name, status: 'failed', seconds, reason, tail: tailOf(ran.printed.text, places) };
  return { name, status: 'ok', seconds, ...(json ? { result } : {}) };
}

/** Why a step failed, if it did. */
function whyFailed({ status, signal, late }, limit, lacksResult) {
  if (late) return `ran past its ${Math.round(limit)} s`;
  if (signal) return `killed by ${signal}`;
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
  const ran = { status: 0, signal: null, stdout: '', printed: new Printed(), late: false };
  child.stdout.setEncoding('utf8').on('data', (text) => {
    ran.stdout += text;
    ran.printed.add(text);
  });
  child.stderr.setEncoding('utf8').on('data', (text) => ran.printed.add(text));
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
  await new Promise((done) => {
    child.on('close', (status, signal) => done(Object.assign(ran, { status, signal })));
    child.on('error', (error) => {
      ran.printed.add(error.message);
      done(Object.assign(ran, { status: -1 }));
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
