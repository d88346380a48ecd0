#!/usr/bin/env node
// Peak memory and speed of labelling and evaluating files of ever more rows: only a window of rows is held at a time.
//
//   node bench/label-memory.mjs [--rows 10000,200000,1000000] [--formats jsonl] [--commands label,evaluate]
//                               [--ids] [--model tiny-xs] [--threads 2] [--out FILE]
//
// Formats: jsonl, json, csv, parquet (row groups of 10,000 rows), pgn; --ids gives each row an id of its own. Rows are
// random games of 8 to 24 moves, in PGN legal ones, of which there are a thousand. Each run is a process of its own; the
// peak is what the system counted for it. Writes a table in Markdown to --out, else to the screen.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { evaluate, label } from '../dist/index.js';
import { writeRows } from './labelRows.mjs';

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '10000,200000,1000000' },
    formats: { type: 'string', default: 'jsonl' },
    commands: { type: 'string', default: 'label,evaluate' },
    ids: { type: 'boolean', default: false },
    model: { type: 'string', default: 'tiny-xs' },
    threads: { type: 'string', default: '2' },
    out: { type: 'string' },
    run: { type: 'string' },
    data: { type: 'string' },
  },
});

if (values.run === undefined) await compare();
else await once(values.run, values.data ?? '');

/** One command in this process. Prints its peak and its speed. */
async function once(/** @type {string} */ command, /** @type {string} */ data) {
  const { model, threads } = values;
  const settings = { model, device: 'cpu', threads: Number(threads), out: `${data}.${command}` };
  let speed = 0;
  const onEvent = (/** @type {any} */ event) => {
    if (event.type === 'progress') speed = event.tokensPerSecond ?? speed;
  };
  const started = performance.now();
  if (command === 'label') await label({ ...settings, data }, { onEvent });
  else await evaluate({ ...settings, testData: data }, { onEvent });
  const seconds = (performance.now() - started) / 1000;
  const megabytes = process.resourceUsage().maxRSS / 1024;
  process.stdout.write(JSON.stringify({ megabytes, seconds, speed }));
}

async function compare() {
  const folder = mkdtempSync(join(tmpdir(), 'w2s-label-memory-'));
  const lines = [];
  try {
    const formats = values.formats.split(',');
    for (const rows of values.rows.split(',').map(Number)) {
      for (const format of formats) {
        const data = join(folder, `${rows}.${format}`);
        await writeRows(data, format, rows, values.ids);
        for (const command of values.commands.split(',')) {
          lines.push(line(command, format, rows, measured(command, data)));
          console.error(lines.at(-1));
          rmSync(`${data}.${command}`, { recursive: true, force: true });
        }
        rmSync(data);
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const machine = `${cpus()[0]?.model ?? 'unknown CPU'}, --threads ${values.threads}, Node ${process.version}`;
  const text = [
    `Model ${values.model}, ${machine}, ${new Date().toISOString().slice(0, 10)}.`,
    '',
    '| command | format | rows | peak memory, MB | seconds | tokens/s |',
    '|---|---|--:|--:|--:|--:|',
    ...lines,
    '',
  ].join('\n');
  if (values.out === undefined) process.stdout.write(text);
  else writeFileSync(values.out, text);
}

function line(
  /** @type {string} */ command,
  /** @type {string} */ format,
  /** @type {number} */ rows,
  /** @type {{ megabytes: number, seconds: number, speed: number }} */ { megabytes, seconds, speed },
) {
  const numbers = [megabytes.toFixed(0), seconds.toFixed(1), `${(speed / 1000).toFixed(0)}k`];
  return `| ${[command, format, rows.toLocaleString('en-US'), ...numbers].join(' | ')} |`;
}

function measured(/** @type {string} */ command, /** @type {string} */ data) {
  const { model, threads } = values;
  const words = ['--run', command, '--data', data, '--model', model, '--threads', threads];
  const { status, stdout, stderr } = spawnSync(process.execPath, [fileURLToPath(import.meta.url), ...words], {
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  if (status !== 0) throw new Error(`${command} failed: ${stderr}`);
  return JSON.parse(stdout);
}
