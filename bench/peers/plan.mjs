// What is measured against which peer, how often, and what has to come of it at least.

/**
 * @typedef {{ script: string, bar?: number, microBatch: number, compile?: boolean, flatten?: boolean }} Peer
 * @typedef {{ rounds: number, steps: number, peers?: string[], warmUp?: boolean }} Phase
 * @typedef {{ id: string, kind: 'train' | 'score' | 'parts', shape: string, lists: 'short' | 'long', dtype: 'f32' | 'bf16',
 *   peers: Record<string, Peer>, phases: Phase[], questions?: number, curve?: string, graphs?: boolean,
 *   seconds?: number }} Workload
 * `graphs`: ours runs a second time beside them, with its steps launched as CUDA graphs.
 */

/** What the peers are, in words; bench/peers/*.py say more. */
export const PEERS = {
  padded: '(a) padded, sdpa',
  one_by_one: '(b) eager, one at a time',
  scoring: '(c) sorted, padded',
  tuned: '(d) tuned',
  flat: '(d) tuned, laid end to end',
};

/** Names of our own sides: as it comes, and with CUDA graphs. */
export const OURS = 'ours';
export const GRAPHS = 'graphs';

/** One whole `train`: beside the workloads, a row of its own kind. */
export const EXPERIMENT = 'experiment/chess-check';

/** Share of a step on a CPU that is matrix products. */
export const PRODUCTS_BAR = 0.8;

/** Model FLOPs utilisation of packed language modelling on a GPU, by shape. */
export const MFU_BARS = { 'gpt2-124m': 0.45, 'gpt2-350m': 0.5, 'gpt2-774m': 0.55, 'gpt2-1.5b': 0.55 };

/** Largest relative difference of the loss curve in float32. */
export const CURVE_BAR = 1e-4;
/** Steps that a loss curve has at least. */
export const CURVE_STEPS = 50;

const BARS = {
  cpu: {
    short: { padded: 2, tuned: 1.4, one_by_one: 3.5 },
    long: { padded: 5, tuned: 1.8 },
    score: { short: 4, long: 3.5 },
  },
  cuda: {
    short: { padded: 2, tuned: 1.2 },
    long: { padded: 2, tuned: 1.2 },
    score: { short: 3, long: 3 },
  },
};

/**
 * The rows for a device. `quick` runs fewer rounds and the small shape; `shape` replaces all shapes by one (of a dry
 * run). `memory`: bytes that a CPU row may use.
 * @param {{ device: 'cpu' | 'cuda', quick: boolean, memory: number, shape?: string }} options
 * @returns {Workload[]}
 */
export function workloads({ device, quick, memory, shape }) {
  const all = device === 'cpu' ? cpuWorkloads(quick, memory) : cudaWorkloads(quick);
  return shape === undefined
    ? all
    : all.filter(({ id }) => id.includes('llama')).map((row) => dry(row, shape));
}

function cpuWorkloads(quick, memory) {
  const shapes = quick ? ['llama-23m'] : ['gpt2-124m', 'llama-23m'];
  // A padded batch of 32 long texts of the GPT-2 shape keeps 17 GB of activations.
  const fits = memory > 30 * 2 ** 30;
  return shapes.flatMap((shape) => {
    const large = shape === 'gpt2-124m';
    const short = phasesOf({ warm: 1, all: quick ? 3 : 5, steps: large ? 2 : 3 });
    // With what goes before, at least 50 steps against (a): the loss curve.
    if (!quick) short.push({ rounds: large ? 8 : 7, steps: 5, peers: ['padded'] });
    return [
      training(shape, 'short', 'f32', BARS.cpu.short, {
        phases: short,
        curve: 'padded',
      }),
      training(shape, 'long', 'f32', BARS.cpu.long, {
        phases: phasesOf({ warm: 1, all: large || quick ? 3 : 5, steps: 1 }),
        microBatch: { padded: large && !fits ? 16 : 32 },
      }),
      scoring(shape, 'short', 'f32', BARS.cpu.score.short, large ? 100 : 300, quick ? 2 : 4),
      scoring(shape, 'long', 'f32', BARS.cpu.score.long, large ? 32 : 100, quick ? 2 : 4),
      parts(shape, 'short'),
      ...(quick ? [] : [parts(shape, 'long')]),
    ];
  });
}

function cudaWorkloads(quick) {
  const shapes = quick ? ['gpt2-124m'] : ['gpt2-124m', 'gpt2-350m'];
  const options = { microBatch: { tuned: 32 }, compile: true };
  return [
    ...shapes.flatMap((shape) => [
      ...['short', 'long'].map((lists) =>
        training(shape, lists, 'bf16', BARS.cuda[lists], {
          ...options,
          phases: phasesOf({ warm: 2, all: quick ? 3 : 4, steps: 10 }),
          graphs: lists === 'short',
        }),
      ),
    ]),
    ...['short', 'long'].map((lists) =>
      scoring('gpt2-124m', lists, 'bf16', BARS.cuda.score[lists], 500, quick ? 2 : 4),
    ),
    training(
      'llama-23m',
      'short',
      'f32',
      { padded: undefined },
      { phases: phasesOf({ warm: 1, all: 7, steps: 7 }), curve: 'padded', graphs: true },
    ),
  ];
}

const phasesOf = ({ warm, all, steps }) => [
  { rounds: warm, steps, warmUp: true },
  { rounds: all, steps },
];

function training(
  shape,
  lists,
  dtype,
  bars,
  { phases, microBatch = {}, compile = false, curve, graphs = false },
) {
  const sizes = { padded: 32, one_by_one: 1, tuned: 8, ...microBatch };
  const peers = Object.fromEntries(
    Object.entries(bars).map(([name, bar]) => [
      name,
      { script: name, bar, microBatch: sizes[name], compile: compile && name === 'tuned' },
    ]),
  );
  return {
    id: `train/${shape}/${lists}/${dtype}`,
    kind: 'train',
    shape,
    lists,
    dtype,
    peers,
    phases,
    ...(curve ? { curve } : {}),
    ...(graphs ? { graphs } : {}),
  };
}

/** Where the time of a step goes, by `w2s-native bench`. */
const parts = (shape, lists) => ({
  ...{ id: `parts/${shape}/${lists}/f32`, kind: /** @type {const} */ ('parts'), shape, lists, dtype: 'f32' },
  ...{ peers: {}, phases: [], seconds: 10 },
});

function scoring(shape, lists, dtype, bar, questions, rounds) {
  const peers = { scoring: { script: 'scoring', bar, microBatch: 32 } };
  const phases = phasesOf({ warm: 1, all: rounds, steps: 1 });
  return {
    id: `score/${shape}/${lists}/${dtype}`,
    kind: 'score',
    shape,
    lists,
    dtype,
    peers,
    phases,
    questions,
  };
}

/**
 * The same row with a shape of a few thousand weights, a step or two and no bar: does everything run? What a GPU's rows
 * have beside is there too: (d) laid end to end, and CUDA graphs, which come to nothing on a CPU.
 */
function dry(row, shape) {
  const peers = Object.fromEntries(
    Object.entries(row.peers).map(([name, peer]) => [name, { ...peer, bar: undefined }]),
  );
  if (peers.tuned) peers.flat = { ...peers.tuned, microBatch: 32, flatten: true };
  const phases = phasesOf({ warm: 1, all: 2, steps: 1 });
  const id = row.id.replace(row.shape, shape);
  return {
    ...{ ...row, id, shape, peers, phases },
    ...(row.questions ? { questions: 8 } : {}),
    ...(row.kind === 'train' && row.lists === 'short' ? { graphs: true } : {}),
    ...(row.kind === 'parts' ? { seconds: 1 } : {}),
  };
}
