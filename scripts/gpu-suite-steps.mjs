// The steps of the GPU suite: what is run, and how long each may take. Limits sum to more than the ten minutes that the
// suite has: most steps need a fraction of theirs, and --budget holds the whole.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { EXPERIMENT, workloads } from '../bench/peers/plan.mjs';

/**
 * @typedef {{ root: string, device: 'cpu' | 'cuda', dry: boolean, file: string, scratch: string, python: string,
 *   torch: { folder?: string, version?: string, missing?: string }, tokens?: string }} Request
 * @typedef {{ name: string, command: string[], limit: number, json?: boolean, skip?: string }} Step
 */

const SHAPES = ['gpt2-124m', 'gpt2-350m', 'gpt2-774m', 'gpt2-1.5b'];
/** Packed language modelling, by shape: texts of 1,024 tokens in an optimizer batch, and tokens computed at once. */
const PACKED = {
  'gpt2-124m': [32, 16384],
  'gpt2-350m': [32, 16384],
  'gpt2-774m': [16, 8192],
  'gpt2-1.5b': [16, 8192],
};

const node = (...args) => [process.execPath, ...args];
const program = (/** @type {string} */ root) => join(root, 'bin', 'w2s-native.js');

/** The addon for the GPU that is there. @param {Request} request @returns {Step[]} */
export function buildSteps({ root, dry, torch }) {
  const skip = !dry && !torch.folder ? `no PyTorch: ${torch.missing}` : undefined;
  const typescript = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const compiled = existsSync(join(root, 'dist', 'index.js'));
  return [
    {
      name: 'build dist',
      command: node(typescript, '-p', 'tsconfig.build.json'),
      limit: 60,
      ...(existsSync(typescript) || !compiled ? {} : { skip: 'dist/ was carried, TypeScript was not' }),
    },
    { name: 'build addon', command: node(program(root), 'setup'), limit: 240, ...(skip ? { skip } : {}) },
    { name: 'build doctor', command: node(program(root), 'doctor'), limit: 30 },
  ];
}

/** Native tests on the device. @param {Request} request @returns {Step[]} */
export function testSteps({ root, dry }) {
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const skip = existsSync(vitest) ? undefined : 'vitest was not carried';
  const emulated = ['--exclude', '**/*-cuda.test.ts'];
  const step = (name, files, limit) => ({
    name: `tests ${name}`,
    // Without those that compile CUDA for the CPU: they run everywhere.
    command: node(vitest, 'run', '--reporter=dot', '--typecheck.enabled=false', ...emulated, ...files),
    limit,
    ...(skip ? { skip } : {}),
  });
  if (dry) return [step('packing', ['test/native/packing.test.ts'], 60)];
  return [
    step('kernels', ['test/native/kernels'], 90),
    step('parity', ['test/native/parity', 'test/native/direct'], 120),
    step('training', ['test/native/losses', 'test/native/optimizers', 'test/native/jobs'], 120),
    step('recorded steps', ['test/native/recorded'], 60),
    step(
      'late results, sharing and memory',
      ['late-results', 'sharing', 'out-of-memory', 'lazy-rows', 'unembedding'].map(
        (name) => `test/native/${name}`,
      ),
      90,
    ),
    step(
      'inference',
      ['test/native/generate', 'test/native/answers', 'test/native/packing', 'test/native/sampling'],
      60,
    ),
  ];
}

/** `w2s-native bench` on the device. @param {Request} request @returns {Step[]} */
export function benchSteps({ root, device, dry }) {
  const bench = (name, args, limit) => ({
    name: `bench ${name}`,
    command: node(program(root), 'bench', ...args, '--device', device, '--json'),
    limit,
    json: true,
  });
  if (dry) {
    return [
      bench('train tiny-s', ['train', '--model', 'tiny-s', '--lengths', '32', '--seconds', '1'], 60),
      bench('label tiny-s', ['label', '--model', 'tiny-s', '--lengths', '32', '--seconds', '1'], 60),
    ];
  }
  const bf16 = ['--dtype', 'bf16'];
  return [
    bench('kernels', ['kernels'], 60),
    ...SHAPES.map((shape) => {
      const [texts, atOnce] = PACKED[shape];
      const sizes = ['--batch-size', `${texts}`, '--micro-batch-tokens', `${atOnce}`];
      const packed = ['--head', 'lm', '--lengths', '1024', ...sizes];
      return bench(`packed lm ${shape}`, ['train', '--model', shape, ...packed, ...bf16], 60);
    }),
    bench('train gpt2-124m short', ['train', '--model', 'gpt2-124m', '--lengths', 'short', ...bf16], 45),
    bench('train gpt2-124m long', ['train', '--model', 'gpt2-124m', '--lengths', 'long', ...bf16], 45),
    ...['gpt2-124m', 'llama-23m'].map((shape) => {
      const graphs = ['train', '--model', shape, '--lengths', 'short', ...bf16, '--cuda-graphs'];
      return bench(`train ${shape} short, CUDA graphs`, graphs, 45);
    }),
    bench('train llama-23m short', ['train', '--model', 'llama-23m', '--lengths', 'short', ...bf16], 45),
    bench('label gpt2-124m short', ['label', '--model', 'gpt2-124m', '--lengths', 'short', ...bf16], 45),
    bench('label gpt2-124m long', ['label', '--model', 'gpt2-124m', '--lengths', 'long', ...bf16], 45),
  ];
}

/** One step for each row of the peers. @param {Request} request @returns {Step[]} */
export function peerSteps({ root, device, dry, file, scratch, python, torch, tokens }) {
  const script = join(root, 'bench', 'peers.mjs');
  const work = ['--work', dry ? join(scratch, 'peers') : join(root, 'out', 'peers')];
  const common = ['--device', device, '--python', python, '--out', file, ...work];
  if (dry) {
    const alone = torch.missing === undefined ? [] : ['--ours-alone'];
    const why = alone.length > 0 ? `, ours alone (${torch.missing})` : '';
    const rows = ['--rows', 'short'];
    return [
      {
        name: `peers tiny-s${why}`,
        command: node(script, '--dry-run', '--threads', '1', ...rows, ...alone, ...common),
        limit: 240,
      },
    ];
  }
  const lists = tokens ? ['--tokens', tokens] : [];
  const rows = workloads({ device, quick: false, memory: 0 }).map(({ id }) => id);
  return [...rows, EXPERIMENT].map((id) => ({
    name: `peers ${id}`,
    command: node(script, '--rows', id, ...lists, ...common),
    limit: 150,
    ...(torch.missing ? { skip: torch.missing } : {}),
  }));
}
