/** Runs a command line in this process, as `main.ts` does, with its output caught. */
import type { CommandContext } from '../../src/cli/command.js';
import { exitCodeOf, printFailure } from '../../src/cli/failure.js';
import { COMMANDS } from '../../src/cli/table.js';
import { commandHelp, parseFlags } from '../../src/cli/usage.js';

export interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}

class Sink {
  text = '';
  readonly isTTY = false;
  write(text: string): boolean {
    this.text += text;
    return true;
  }
}

export async function run(...words: string[]): Promise<Ran> {
  const stdout = new Sink();
  const stderr = new Sink();
  const ran = (code: number): Ran => ({ code, stdout: stdout.text, stderr: stderr.text });
  const entry = COMMANDS.find(({ name }) => name === words[0]);
  if (entry === undefined) throw new Error(`no command ${words[0]}`);
  const context = {
    stdout,
    stderr,
    signal: new AbortController().signal,
    verbose: false,
    env: {},
  } as unknown as CommandContext;
  try {
    const { command } = await entry.load();
    if (words.includes('--help')) {
      stdout.write(await commandHelp(entry.name, command, words.slice(1)));
      return ran(0);
    }
    await command.run(await parseFlags(entry.name, command, words.slice(1)), context);
    return ran(0);
  } catch (error) {
    printFailure(error, stderr as unknown as NodeJS.WritableStream, false);
    return ran(exitCodeOf(error));
  }
}
