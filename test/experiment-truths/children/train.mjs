// Runs one experiment in a process of its own. Arguments: settings as JSON, and options for the test:
// `dieAt`: the event at which this process kills itself without a word; events are printed as lines.
import { weakToStrong } from '../../../dist/index.js';

const settings = JSON.parse(process.argv[2]);
const { dieAt = 0 } = JSON.parse(process.argv[3] ?? '{}');
let events = 0;

function onEvent(event) {
  events++;
  if (event.type === 'step-start') process.stdout.write(`start ${event.hash}\n`);
  // After a turn of the event loop, so that it falls into whatever is going on: native work, a file's writing.
  if (events === dieAt) setImmediate(() => process.kill(process.pid, 'SIGKILL'));
}

await weakToStrong(settings, { onEvent });
process.stdout.write('done\n');
