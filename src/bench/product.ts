/** The matrix products of a model by themselves, measured in the same run as its steps. */
import type { Dtype, NativeBinding } from '../native/binding.js';
import type { MeasureProductOptions } from '../native/measuring.js';
import type { MeasuredProduct, ProductReference } from './document.js';
import type { ModelShape } from './flops.js';
import { spreadOf } from './statistics.js';

/** Where and how products are measured. */
export interface ProductSettings {
  device: string;
  threads: number;
  dtype: Dtype;
  /** Rows of one micro-batch. */
  rows: number;
  /** Backward as well: by the inputs, and by the weights. */
  training: boolean;
}

type Size = Pick<MeasureProductOptions, 'm' | 'k' | 'n' | 'transposedLeft' | 'transposedRight'>;

interface Wanted extends Size {
  what: string;
}

/** Side of a square product that is measured besides: what the device can do where the model's own are small. */
const SQUARE = { cpu: 1024, cuda: 8192 } as const;

const REPETITIONS = 5;

/** Measures each product of one block, forward and (of training) backward, and a square one. */
export async function measureProducts(
  binding: NativeBinding,
  shape: ModelShape,
  settings: ProductSettings,
): Promise<ProductReference> {
  const side = settings.device === 'cpu' ? SQUARE.cpu : SQUARE.cuda;
  const own: MeasuredProduct[] = [];
  for (const wanted of productsOf(shape, settings.rows, settings.training)) {
    own.push(await measured(binding, wanted, settings));
  }
  const square = await measured(binding, { what: 'square', m: side, k: side, n: side }, settings);
  const all = [...own, square];
  const fastest = all.reduce((best, one) => (one.flopsPerSecond > best.flopsPerSecond ? one : best), square);
  const operations = own.reduce((sum, one) => sum + flopsOf(one), 0);
  const seconds = own.reduce((sum, one) => sum + flopsOf(one) / one.flopsPerSecond, 0);
  return { fastest, ofModel: operations / seconds, measured: all };
}

const flopsOf = ({ m, k, n }: Size): number => 2 * m * k * n;

async function measured(
  binding: NativeBinding,
  { what, ...size }: Wanted,
  { device, threads, dtype }: ProductSettings,
): Promise<MeasuredProduct> {
  const seconds = await binding.measureProduct({ ...size, device, threads, dtype, repetitions: REPETITIONS });
  const { m, k, n } = size;
  return { m, k, n, what, flopsPerSecond: flopsOf(size) / spreadOf(seconds).median };
}

/** x [N, in] · Wᵀ, and backward d y · W and d yᵀ · x, of each matrix of a block; W [out, in]. */
function productsOf(shape: ModelShape, rows: number, training: boolean): Wanted[] {
  const { hiddenSize, heads, kvHeads, headSize, mlpSize, mlpGated } = shape;
  const matrices: [name: string, input: number, output: number][] = [
    ['query, key, value', hiddenSize, (heads + 2 * kvHeads) * headSize],
    ['attention out', heads * headSize, hiddenSize],
    [mlpGated ? 'mlp gate, up' : 'mlp up', hiddenSize, (mlpGated ? 2 : 1) * mlpSize],
    ['mlp down', mlpSize, hiddenSize],
  ];
  return matrices.flatMap(([name, input, output]): Wanted[] => {
    const forward = { what: name, m: rows, k: input, n: output, transposedRight: true };
    if (!training) return [forward];
    return [
      forward,
      { what: `${name}, by inputs`, m: rows, k: output, n: input },
      { what: `${name}, by weights`, m: output, k: rows, n: input, transposedLeft: true },
    ];
  });
}
