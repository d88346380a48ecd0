// A process that takes locks, for folderLock.test.ts. It loads the sources as they are.
// node folderLockChild.mjs LOCK_MODULE MODE FOLDER [TIMING]
import { appendFileSync, openSync, closeSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createJiti } from 'jiti';

const [lockModule, mode, folder, timing = '{"heartbeatMs":10000,"staleMs":120000,"pollMs":20}'] =
  process.argv.slice(2);
const { FolderLock } = await createJiti(import.meta.url).import(lockModule);
const acquire = () => FolderLock.acquire(folder, {}, JSON.parse(timing));

/** Two owners at a time would meet here: the file can be made by one only. */
function critical(action) {
  const inside = join(folder, 'inside');
  closeSync(openSync(inside, 'wx'));
  action();
  rmSync(inside);
}

if (mode === 'hold') {
  await acquire();
  process.stdout.write('held\n');
  setInterval(() => {}, 1000);
} else if (mode === 'once') {
  const lock = await acquire();
  critical(() => appendFileSync(join(folder, 'log'), `${process.pid}\n`));
  await lock.release();
} else if (mode === 'many') {
  for (let round = 0; round < 25; round++) {
    const lock = await acquire();
    critical(() => appendFileSync(join(folder, 'log'), `${process.pid}\n`));
    await lock.release({ forGood: round % 3 === 0 });
  }
} else if (mode === 'die') {
  // Dies with the lock in its hand, half of the time; never inside the critical part.
  for (let round = 0; round < 1000; round++) {
    const lock = await acquire();
    critical(() => appendFileSync(join(folder, 'log'), `${process.pid}\n`));
    if (Math.random() < 0.5) process.kill(process.pid, 'SIGKILL');
    await lock.release();
  }
}
