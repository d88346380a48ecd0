/** `doctor`: what is installed, what would be used, and why. Builds and downloads nothing. */
import { W2sError } from '../errors.js';
import { type Diagnosis, diagnose } from '../native/diagnose.js';
import type { Command } from './command.js';

export const command: Command = {
  describe:
    'Shows what is installed, what would be used and why. Ends with exit code 3 when the device asked for cannot ' +
    'be used. Builds and downloads nothing.',
  options: {
    device: { type: 'string', describe: 'auto, cpu, cuda or cuda:<index>  [default: auto]' },
    json: { type: 'boolean', describe: 'Print one JSON document' },
  },
  examples: [
    ['doctor', 'look at everything'],
    ['doctor --device cuda --json', 'can a GPU be used?'],
  ],

  async run(argv, { stdout }) {
    const diagnosis = await diagnose(typeof argv.device === 'string' ? argv.device : 'auto');
    stdout.write(argv.json === true ? `${JSON.stringify(diagnosis, null, 2)}\n` : `${table(diagnosis)}\n`);
    const { usable, asked, why, hint } = diagnosis.device;
    if (usable) return;
    throw new W2sError('ERR_DEVICE', `Device ${asked} cannot be used. ${why.replace(/\.?$/, '.')}`, {
      ...(hint && { hint }),
    });
  },
};

function table(diagnosis: Diagnosis): string {
  const { device, libtorch, addon, tools, cache } = diagnosis;
  const rows: [string, string][] = [
    ['w2s-native', `${diagnosis.version}, Node ${diagnosis.node}, ${diagnosis.platform}`],
    ...Object.entries(tools).map(([name, path]): [string, string] => [name, path ?? 'not found']),
    ['threads', String(diagnosis.threads)],
    ['--dtype bf16', bf16Words(diagnosis.bf16)],
    ['cache', `${cache.folder}, ${(cache.freeBytes / 1e9).toFixed(1)} GB free`],
    ...libtorch.passedOver.map(({ from, why }): [string, string] => ['libtorch', `${from}: ${why}`]),
    ...libtorch.found.map(({ from, folder, version, cuda }, index): [string, string] => [
      'libtorch',
      `${from}: ${version}${cuda ? ' with CUDA' : ''}, ${folder}${index === 0 ? '  <- would be used' : ''}`,
    ]),
    ['addon', addon ? `${addon.file}${addon.works ? '' : `  does not work: ${addon.why}`}` : 'not built yet'],
    ...(addon?.float32Products === undefined
      ? []
      : [['f32 products', `${addon.float32Products}, on the CPU`] as [string, string]]),
    [
      'device',
      `${device.asked}: ${device.usable ? (device.resolved ?? '') : 'cannot be used'} (${device.why})`,
    ],
  ];
  const width = Math.max(...rows.map(([name]) => name.length)) + 2;
  return rows.map(([name, text]) => `${name.padEnd(width)}${text}`).join('\n');
}

function bf16Words({ fast, why }: Diagnosis['bf16']): string {
  const verdict = fast === null ? 'may be fast or slow' : fast ? 'fast' : 'slow';
  return `${verdict} on this CPU (${why})`;
}
