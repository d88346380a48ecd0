/** A terminal, or a pipe, for tests of what is shown while a command runs. */
/* biome-ignore-all lint/suspicious/noControlCharactersInRegex: what moves the cursor begins with one */

export class Screen {
  text = '';
  constructor(
    readonly isTTY: boolean,
    public columns = 80,
  ) {}
  write(text: string): boolean {
    this.text += text;
    return true;
  }
}

export function clock(): { now: () => number; pass: (ms: number) => void } {
  let time = 0;
  return {
    now: () => time,
    pass: (ms) => {
      time += ms;
    },
  };
}

/** Every state of the live line, without colours. */
export function drawn(text: string): string[] {
  return withoutColour(text)
    .split(/\r\u001B\[2K(?:\u001B\[1A\u001B\[2K)*/)
    .filter((line) => line !== '');
}

/** What is on the screen in the end: rows, without colours. */
export function finalScreen(text: string): string[] {
  const rows = [''];
  for (const [piece] of withoutColour(text).matchAll(
    /\r\u001B\[2K|\u001B\[1A\u001B\[2K|\n|[^\r\n\u001B]+/g,
  )) {
    if (piece === '\n') rows.push('');
    else if (piece.startsWith('\r')) rows[rows.length - 1] = '';
    else if (piece.startsWith('\u001B')) {
      rows.pop();
      rows[rows.length - 1] = '';
    } else rows[rows.length - 1] += piece;
  }
  return rows.map((row) => row.trimEnd());
}

export const withoutColour = (text: string): string => text.replace(/\u001B\[[0-9;]*m/g, '');
