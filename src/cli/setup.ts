/** `setup`: find or fetch libtorch, pick or build the addon, and try it. */
import { withoutCudaLibrary } from '../native/device.js';
import { setUp } from '../native/setup.js';
import type { Command } from './command.js';

export const command: Command = {
  describe:
    'Makes this machine ready: finds libtorch (W2S_LIBTORCH, the torch of python3, the shared cache) or fetches a ' +
    'pinned one into the shared cache, builds the addon for it, and tries it in a process of its own. Every other ' +
    'command does the same on first need.',
  options: {
    'from-file': {
      type: 'string',
      describe: 'Take libtorch from this wheel, archive or folder, and use it from now on',
    },
    device: {
      type: 'string',
      choices: ['cpu', 'cuda'],
      describe: 'cuda: take or fetch a libtorch built for CUDA (about 4 GB)  [default: cpu]',
    },
    json: { type: 'boolean', describe: 'Print what was set up as one JSON document' },
  },
  examples: [
    ['setup', 'get ready for the CPU'],
    ['setup --device cuda', 'get ready for an NVIDIA GPU'],
    ['setup --from-file torch-2.13.0-cp311-cp311-manylinux_2_28_x86_64.whl', 'without a network'],
  ],
  epilogue: 'W2S_CACHE names another folder for libtorch and the addon (default: ~/.cache/w2s-native).',

  async run(argv, { stdout, stderr }) {
    const started = performance.now();
    const device = argv.device === 'cuda' ? 'cuda' : 'cpu';
    const fromFile = argv['from-file'] as string | undefined;
    const log = (line: string) => stderr.write(`${line}\n`);
    const { libtorch, addon } = await setUp({ device, log, ...(fromFile !== undefined && { fromFile }) });
    if (device === 'cuda' && !addon.cuda) throw withoutCudaLibrary(addon.folder);
    const seconds = (performance.now() - started) / 1000;
    if (argv.json === true) {
      stdout.write(`${JSON.stringify({ schema: 'w2s-native/setup@1', libtorch, addon, seconds })}\n`);
      return;
    }
    stdout.write(`libtorch  ${libtorch.version}${libtorch.cuda ? ' with CUDA' : ''}  ${libtorch.folder}\n`);
    stdout.write(`addon     ${addon.file}\n`);
    stdout.write(`ready in ${seconds.toFixed(1)} s\n`);
  },
};
