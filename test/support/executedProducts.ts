import { blockWeights, type ModelShape, type Pass } from '../../src/bench/flops.js';

/**
 * Products that the engine runs where nothing is shared and nothing padded: in the last block, keys and values are of
 * all N tokens, and everything else is of the rows that are read.
 *
 * @param pass without read-out (`readRows` 0) for a classifier: the engine does not count those few
 * @param read rows of the last block that are read: last tokens, or those before a target
 */
export function executedProducts(shape: ModelShape, pass: Pass, read: number): number {
  const { layers, hiddenSize, kvHeads, headSize } = shape;
  const tokens = pass.lengths.reduce((sum, length) => sum + length, 0);
  const keysAndValues = hiddenSize * 2 * kvHeads * headSize;
  const block = blockWeights(shape);
  const last = tokens * keysAndValues + read * (block - keysAndValues);
  const readout = pass.readRows * hiddenSize * pass.outputs;
  return (pass.training ? 6 : 2) * (tokens * (layers - 1) * block + last + readout);
}
