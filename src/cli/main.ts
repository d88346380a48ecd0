/** The command line's entry: picks the command, gives it its flags and a signal, turns its end into an exit code. */
import { nearest, nearestOf } from '../config/nearest.js';
import { EXIT, W2sError } from '../errors.js';
import { exitCodeOf, printFailure } from './failure.js';
import { interruptible } from './interrupt.js';
import { COMMANDS, type TableEntry, topLevelHelp } from './table.js';

/** Runs the words and resolves to the exit code. */
async function main(words: readonly string[]): Promise<number> {
  const verbose = words.includes('--verbose');
  try {
    const at = words.findIndex((word) => !word.startsWith('-'));
    if (at === -1) withoutCommand(words);
    else await runCommand(findCommand(words[at] ?? ''), words.toSpliced(at, 1), verbose);
    return EXIT.done;
  } catch (error) {
    printFailure(error, process.stderr, verbose);
    return exitCodeOf(error);
  }
}

function withoutCommand(words: readonly string[]): void {
  const unknown = words.find((word) => !['--help', '-h', '--verbose'].includes(word));
  if (unknown !== undefined) {
    const near = nearest(unknown.replace(/^-+/, ''), ['help', 'version', 'verbose']);
    throw new W2sError('ERR_USAGE', `Expected a command but received ${unknown}.`, {
      hint: near ? `Did you mean --${near}? See: npx w2s-native --help` : 'npx w2s-native --help',
    });
  }
  process.stdout.write(`${topLevelHelp()}\n`);
}

function findCommand(word: string): TableEntry {
  const entry = COMMANDS.find(({ name }) => name === word);
  if (entry) return entry;
  const names = COMMANDS.map(({ name }) => name);
  const near = nearestOf(word, names);
  throw new W2sError('ERR_USAGE', `Expected a command (${names.join(', ')}) but received ${word}.`, {
    hint: near ? `Did you mean: npx w2s-native ${near}` : 'npx w2s-native --help',
  });
}

async function runCommand(entry: TableEntry, words: readonly string[], verbose: boolean): Promise<void> {
  const [{ command }, usage] = await Promise.all([entry.load(), import('./usage.js')]);
  if (words.includes('--help') || words.includes('-h')) {
    process.stdout.write(`${await usage.commandHelp(entry.name, command, words)}\n`);
    return;
  }
  const argv = await usage.parseFlags(entry.name, command, words);
  const { signal, forget } = interruptible(process.stderr);
  try {
    const { stdout, stderr, env } = process;
    await command.run(argv, { stdout, stderr, signal, verbose, env });
  } finally {
    forget();
  }
}

// A reader that has seen enough (`| head`) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

// Nor is a screen that is gone: the work goes on, and its result is printed.
process.stderr.on('error', () => {});

const code = await main(process.argv.slice(2));
// Whatever still holds the event loop (an idle keep-alive connection, a thread's queue) must not delay the end.
process.stdout.write('', () => process.exit(code));
